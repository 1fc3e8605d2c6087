"use strict";
// Sudokus and mazes where no server is asked: reading a problem, and judging drafts by the rules of the game alone.

// A problem: {problem, free, remark, text(draft), judge(draft), wrong(draft)}; facts: what is known of its task.
function readProblem(text, facts) {
  if (!text.trim()) throw new Refused("problem", "there is no problem: type or paste one, or draw a test problem");
  return facts.task.startsWith("maze") ? readMazeProblem(text, facts) : readSudoku(text, facts);
}

function unitsOf(facts) {
  const size = facts.shape[1], cells = facts.units.map((_, cell) => cell);
  const kinds = [["row", (cell) => Math.floor(cell / size)], ["column", (cell) => cell % size], ["box", (cell) => facts.units[cell]]];
  return kinds.flatMap(([kind, of]) => Array.from({ length: size }, (_, place) => ({ name: `${kind} ${place + 1}`, cells: cells.filter((cell) => of(cell) === place) })));
}

function readSudoku(text, facts) {
  const size = facts.shape[1], count = facts.units.length, units = unitsOf(facts);
  const lines = text.split("\n").filter((line) => !/^[-+|=\s]*$/.test(line));
  const signs = [...lines.join("").replace(/[\s|+,;/]/g, "")];
  const problem = signs.map((sign) => ("0._*-xX?".includes(sign) ? 0 : facts.symbols.indexOf(sign)));
  const strange = problem.findIndex((token) => token < 0);
  if (strange >= 0) throw new Refused("problem", `${signs[strange]} is no cell: digits 1 to ${size}, and . or 0 for an empty one`);
  if (problem.length !== count) throw new Refused("problem", `${problem.length} cells found: expected ${count} cells, ${size} rows of ${size}`);
  for (const unit of units) {
    const given = unit.cells.map((cell) => problem[cell]).filter(Boolean);
    const twice = given.find((token, place) => given.indexOf(token) !== place);
    if (twice) throw new Refused("problem", `the givens contradict each other: ${facts.symbols[twice]} stands twice in ${unit.name}`);
  }
  const { solution, found } = solutions(problem, units, size);
  if (!found) throw new Refused("problem", "no filling obeys the rules: a given is wrong");
  const right = (draft) => units.every((unit) => new Set(unit.cells.map((cell) => draft[cell]).filter(Boolean)).size === size);
  return {
    problem, free: problem.map((token) => !token), solution,
    remark: found > 1 ? "the puzzle has more than one solution: any of them counts, and wrong cells are not marked" : "",
    text: (draft) => [...draft].map((token) => facts.symbols[token]).join(""),
    judge: right,
    wrong: (draft) => [...draft].map((token, cell) => found === 1 && token !== solution[cell]),
  };
}

// Tries the cell with the fewest digits first, and ends at a second solution: {solution, found: 0, 1 or 2}.
function solutions(problem, units, size) {
  const board = [...problem], all = (1 << (size + 1)) - 2;
  const inUnits = board.map((_, cell) => units.map((unit, place) => (unit.cells.includes(cell) ? place : -1)).filter((place) => place >= 0));
  const used = units.map((unit) => unit.cells.reduce((bits, cell) => (board[cell] ? bits | (1 << board[cell]) : bits), 0));
  const open = (cell) => inUnits[cell].reduce((bits, place) => bits & ~used[place], all);
  const ones = (bits) => { let count = 0; for (; bits; bits &= bits - 1) count++; return count; };
  let solution = null, found = 0;
  const search = () => {
    let best = -1, fewest = size + 1;
    board.forEach((token, cell) => {
      const ways = token ? size + 1 : ones(open(cell));
      if (ways < fewest) [best, fewest] = [cell, ways];
    });
    if (best < 0) {
      found++;
      solution ??= [...board];
      return;
    }
    const ways = open(best);
    for (let token = 1; token <= size && found < 2; token++) {
      if (!(ways & (1 << token))) continue;
      board[best] = token;
      for (const place of inUnits[best]) used[place] |= 1 << token;
      search();
      board[best] = 0;
      for (const place of inUnits[best]) used[place] &= ~(1 << token);
    }
  };
  search();
  return { solution, found };
}

function readMazeProblem(text, facts) {
  const size = facts.shape[1], open = facts.symbols.indexOf("."), on = facts.symbols.indexOf("o");
  const rows = text.trim().split(/[\n/]/).map((row) => [...row.trim().toUpperCase()]);
  const fits = rows.length === size && rows.every((row) => row.length === size);
  if (!fits) throw new Refused("problem", `expected ${size} rows of ${size} signs: this page has a network for mazes of that size alone`);
  const problem = rows.flat().map((sign) => facts.symbols.indexOf(sign));
  const [start, goal] = ["S", "G"].map((sign) => {
    const token = facts.symbols.indexOf(sign), many = problem.filter((one) => one === token).length;
    if (many !== 1) throw new Refused("problem", `the maze has ${many || "no"} ${sign}: mark one cell with it`);
    return problem.indexOf(token);
  });
  const strange = rows.flat().find((sign) => !"#.SG".includes(sign));
  if (strange) throw new Refused("problem", `${strange} is no cell of a maze: # is a wall, . is open, S and G are start and goal`);
  const passable = problem.map((token) => facts.symbols[token] !== "#");
  const from = flood(start, passable, size), to = flood(goal, passable, size), shortest = from.steps[goal];
  if (shortest === undefined) throw new Refused("problem", "no way leads from S to G: open a wall between");
  // A cell is on none of the shortest ways, on some of them, or on all.
  const through = problem.map((_, cell) => (from.steps[cell] + to.steps[cell] === shortest ? from.ways[cell] * to.ways[cell] : 0));
  const total = from.ways[goal], free = problem.map((token) => token === open);
  return {
    problem, free, remark: "",
    text: (draft) => rows.map((_, row) => [...draft.slice(row * size, (row + 1) * size)].map((token) => facts.symbols[token]).join("")).join("\n"),
    judge: (draft) => {
      const marked = [...draft].map((token, cell) => (free[cell] ? token === on : cell === start || cell === goal));
      const known = free.every((one, cell) => !one || draft[cell] === on || facts.symbols[draft[cell]] === " ");
      const count = marked.filter(Boolean).length;
      return known && count === shortest + 1 && flood(start, marked, size).steps[goal] === shortest;
    },
    wrong: (draft) => [...draft].map((token, cell) => free[cell] && (token === on ? !through[cell] : through[cell] === total)),
  };
}

// Steps from a cell to every other that can be reached, and the number of shortest ways there.
function flood(first, passable, size) {
  const steps = { [first]: 0 }, ways = { [first]: 1 }, queue = [first];
  for (const cell of queue) {
    const column = cell % size;
    for (const next of [cell - size, cell + size, column ? cell - 1 : -1, column < size - 1 ? cell + 1 : -1]) {
      if (!passable[next]) continue;
      if (!(next in steps)) {
        [steps[next], ways[next]] = [steps[cell] + 1, 0];
        queue.push(next);
      }
      if (steps[next] === steps[cell] + 1) ways[next] += ways[cell];
    }
  }
  return { steps, ways };
}
