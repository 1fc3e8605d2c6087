"use strict";
// Drafts as they are seen: a board of cells, a line of signs, or a formula with its curve.

function board(run, step, mark) {
  if (run.kind === "formula") return formula(run, step);
  const first = run.answer_start;
  const draft = draftAfter(run, step);
  const width = run.kind === "board" ? run.shape[1] : draft.length - first;
  const grid = element("div", { className: run.kind === "line" ? "board line" : "board", role: "img" });
  grid.setAttribute("aria-label", spoken(run, step));
  if (run.kind === "board") {
    grid.style.gridTemplateColumns = `repeat(${width}, 1fr)`;
    grid.style.setProperty("--size", `${Math.min(1.25, 13 / width)}rem`);
  }
  const before = step ? draftBefore(run, step) : draft;
  const last = run.kind === "line" ? lastSign(run) : draft.length;
  for (let cell = first; cell < last; cell++) grid.append(oneCell(run, step, cell, draft, before, width, mark));
  return grid;
}

// A text's answer seldom fills its canvas: the blank end that no draft ever used is left out.
function lastSign(run) {
  let last = run.answer_start + 1;
  for (const draft of [run.start_draft, ...run.drafts]) {
    for (let cell = draft.length - 1; cell >= last; cell--) if (draft[cell]) { last = cell + 1; break; }
  }
  return last;
}

function oneCell(run, step, cell, draft, before, width, mark) {
  const sign = run.symbols[draft[cell]];
  const made = element("span", { className: "cell" });
  const names = made.classList;
  const maze = run.task.startsWith("maze");
  if (maze && sign === "#") names.add("wall");
  else if (!maze || sign !== ".") made.textContent = draft[cell] ? sign : "";
  if (maze && (sign === "S" || sign === "G")) names.add("end");
  if (!run.free[cell]) names.add("fixed");
  else if (step) made.style.setProperty("--sure", (run.confidence[step - 1][cell] ** 2).toFixed(3));
  if (step && draft[cell] !== before[cell]) names.add("changed");
  if (mark && step && run.wrong[step - 1][cell]) names.add("wrong");
  const units = run.units;
  if (units.length) {
    const column = cell % width;
    if (column < width - 1 && units[cell] !== units[cell + 1]) names.add("edge-right");
    if (cell + width < units.length && units[cell] !== units[cell + width]) names.add("edge-below");
  }
  return made;
}

function spoken(run, step) {
  if (!step) return `the problem: ${run.problem_text}`;
  const mark = run.solved[step - 1] ? "right" : "wrong";
  return `the draft after step ${step}, ${run.changed[step - 1]} cells changed, ${mark}: ${run.text[step - 1]}`;
}

function formula(run, step) {
  const width = 420, height = 260, edge = 14;
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const written = step ? run.formula[step - 1] || "no formula" : "points";
  const values = step ? run.values[step - 1] : [];
  const alone = run.places.length > 0;
  const across = alone ? run.inputs.map((row) => row[0]) : run.target;
  const x = scale(across, edge, width - edge), y = scale(run.target, height - edge, edge);
  const off = step ? run.error[step - 1] : null;
  picture.setAttribute("aria-label", `${written}${off === null ? "" : `, error ${off}`}`);
  picture.append(drawn("rect", { x: 1, y: 1, width: width - 2, height: height - 2, fill: "none", class: "axis" }));
  if (alone && step) {
    let path = "", pen = "M";
    run.line[step - 1].forEach((value, place) => {
      const at = value === null ? NaN : y(value);
      if (!(at > -height && at < 2 * height)) { pen = "M"; return; }
      path += `${pen}${x(run.places[place]).toFixed(1)} ${at.toFixed(1)}`;
      pen = "L";
    });
    picture.append(drawn("path", { d: path || "M0 0", class: "fit" }));
  }
  run.target.forEach((value, place) => {
    picture.append(drawn("circle", { cx: x(across[place]), cy: y(value), r: 3, class: "point" }));
    const at = values[place];
    if (!alone && at !== null && at !== undefined && Math.abs(y(at)) < 2 * height)
      picture.append(drawn("circle", { cx: x(across[place]), cy: y(at), r: 4.5, class: "fitted" }));
  });
  const told = alone ? "points, and the formula's curve" : "targets across; circles: the formula's values";
  const error = off === null ? "" : `error ${Number(off).toPrecision(3)} standard deviations`;
  return element("figure", { className: "formula" }, picture,
    element("p", { className: "hint", textContent: error ? `${told}; ${error}` : told }));
}

function scale(values, from, to) {
  const low = Math.min(...values), high = Math.max(...values);
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}
