"use strict";
// A maze that is drawn by clicking. It writes the text of the problem, and reads it.

const maze = { rows: [], brush: null };

function mazeText() {
  return maze.rows.map((row) => row.join("")).join("\n");
}

function emptyMaze(size) {
  maze.rows = Array.from({ length: size }, () => Array(size).fill("."));
  maze.rows[0][0] = "S";
  maze.rows[size - 1][size - 1] = "G";
}

// The rows of a text, where it is a square maze in the signs that are written here; else nothing.
function readMaze(text) {
  const rows = text.trim().split(/[\n/]/).map((row) => [...row.trim().toUpperCase()]);
  const size = rows.length;
  if (size < 5 || size > 31 || rows.some((row) => row.length !== size || row.some((sign) => !"#.SG".includes(sign)))) return false;
  maze.rows = rows;
  return true;
}

function setCell(row, column, sign) {
  if (sign === "S" || sign === "G") {
    maze.rows.forEach((cells) => cells.forEach((one, place) => { if (one === sign) cells[place] = "."; }));
  }
  maze.rows[row][column] = sign;
}

function drawMaze(changed) {
  const size = maze.rows.length, grid = $("maze");
  const held = grid.contains(document.activeElement) ? document.activeElement.dataset.at : null;
  grid.style.gridTemplateColumns = `repeat(${size}, 1fr)`;
  grid.replaceChildren(...maze.rows.flatMap((cells, row) => cells.map((sign, column) => {
    const cell = element("button", { type: "button", className: sign === "#" ? "wall" : "", textContent: "SG".includes(sign) ? sign : "", tabIndex: row || column ? -1 : 0 });
    cell.dataset.at = `${row},${column}`;
    const names = { "#": "wall", ".": "open", S: "start", G: "goal" };
    cell.setAttribute("aria-label", `row ${row + 1}, column ${column + 1}: ${names[sign]}`);
    return cell;
  })));
  if (held) grid.querySelector(`[data-at="${held}"]`)?.focus();
  $("maze-size").value = size;
  if (changed) {
    $("problem").value = mazeText();
    $("problem").dispatchEvent(new Event("input"));
  }
}

function placeOf(target) {
  return target.dataset?.at?.split(",").map(Number);
}

function setUpMaze() {
  const grid = $("maze");
  const paint = (event) => {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const place = under && grid.contains(under) ? placeOf(under) : null;
    if (!place || maze.rows[place[0]][place[1]] === maze.brush) return;
    if ("SG".includes(maze.rows[place[0]][place[1]]) && maze.brush !== "S" && maze.brush !== "G") return;
    setCell(...place, maze.brush);
    drawMaze(true);
  };
  grid.addEventListener("pointerdown", (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    const tool = $("maze-tool").value;
    maze.brush = tool !== "#" ? tool : maze.rows[place[0]][place[1]] === "#" ? "." : "#";
    paint(event);
    event.preventDefault();
    grid.querySelector(`[data-at="${place}"]`)?.focus();
  });
  grid.addEventListener("pointermove", (event) => { if (maze.brush && event.buttons) paint(event); });
  addEventListener("pointerup", () => { maze.brush = null; });
  grid.addEventListener("keydown", (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    const [row, column] = place;
    const moves = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1] };
    const pressed = event.key.toUpperCase();
    if (event.key in moves) grid.querySelector(`[data-at="${moves[event.key]}"]`)?.focus();
    else if (event.key === " " || event.key === "Enter") setCell(row, column, maze.rows[row][column] === "#" ? "." : "#");
    else if (pressed === "S" || pressed === "G") setCell(row, column, pressed);
    else return;
    if (!(event.key in moves)) drawMaze(true);
    event.preventDefault();
  });
  $("maze-new").addEventListener("click", () => {
    const { min, max, value } = $("maze-size");
    emptyMaze(Math.max(Number(min), Math.min(Number(max), Math.round(Number(value)) || 11)));
    drawMaze(true);
  });
}

function showMaze(text) {
  if (!readMaze(text) && !maze.rows.length) emptyMaze(11);
  drawMaze(false);
}
