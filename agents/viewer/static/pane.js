"use strict";
// One run at one step: its draft, what the network thinks of it, and where each rule would have stopped.

function pane(run, step, price, mark, pick) {
  const made = element("section", { className: "card pane" });
  made.setAttribute("aria-label", `${run.checkpoint}, stopped by ${run.rule}`);
  made.append(element("h2", { textContent: `${run.checkpoint} · stopped by ${run.rule}` }));
  const about = [run.task, run.drawn, run.remark].filter(Boolean).join(" · ");
  made.append(element("p", { className: "hint", textContent: about }));
  const shown = Math.min(step, stepsOf(run));
  const left = element("div", {}), right = element("div", {});
  if (run.kind === "line") left.append(element("p", { className: "says problem", textContent: run.problem_text }));
  left.append(board(run, shown, mark), key(run, mark), element("p", { className: "says draft", textContent: told(run, shown) }));
  left.append(outcome(run));
  if (shown) left.append(gauges(run, shown, price));
  right.append(...curves(run, shown, price, pick), rules(run, price, pick));
  made.append(element("div", { className: "pane-body" }, left, right));
  return made;
}

function told(run, step) {
  if (!step) return "the problem, before the first step";
  const text = run.kind === "formula" ? run.formula[step - 1] || run.text[step - 1] : run.kind === "line" ? run.text[step - 1] : "";
  const changed = run.changed[step - 1];
  const begun = Math.max(...run.start) > 1 ? `, start ${run.start[step - 1]}` : "";
  return `${text ? `${text}  ·  ` : ""}${changed} ${changed === 1 ? "cell" : "cells"} changed${begun}`;
}

function key(run, mark) {
  if (run.kind === "formula") return "";
  const list = element("ul", { className: "legend" });
  list.append(element("li", {}, element("i", { className: "sure" }), "the deeper, the surer"));
  list.append(element("li", {}, element("i", { className: "changed" }), "changed in this step"));
  if (mark) list.append(element("li", { className: "bad", textContent: "red, underlined: wrong" }));
  return list;
}

function outcome(run) {
  if (!run.ended) return element("p", { className: "hint outcome", textContent: `step ${stepsOf(run)} of ${run.max_steps} …` });
  const plural = run.stop === 1 ? "step" : "steps";
  const handed = run.handed === run.stop ? "" : ` The draft of step ${run.handed} seemed best and is handed in.`;
  const said = run.answer_right ? `Solved in ${run.stop} ${plural}.` : `Not solved: stopped after ${run.stop} ${plural} at a wrong draft.`;
  const why = run.note ? ` That is no wonder: ${run.note}.` : "";
  return element("p", { className: `says outcome ${run.answer_right ? "good" : "bad"}`, textContent: said + handed + why });
}

function gauges(run, step, price) {
  const at = step - 1, list = element("dl", { className: "gauges" });
  const policy = run.policies[0];
  const rows = [
    ["least sure cell", run.least_confidence[at]],
    ["right, its own head", run.right[at]],
    ["right now, value head", run.correct_now[at]],
    ["right now or later", run.correct_ever[at]],
    [policy ? `${policy} would stop` : "would stop", policy ? run.halt_at[at][0][price] : run.halt[at]],
    ["would start afresh", run.again[at]],
  ];
  for (const [name, share] of rows) {
    if (share === null || share === undefined) continue;
    const meter = element("meter", { min: 0, max: 1, value: share });
    meter.setAttribute("aria-label", name);
    list.append(element("dt", { textContent: name }), element("dd", {}, meter), element("dd", { className: "number", textContent: percent(share) }));
  }
  list.append(element("dt", { textContent: "latent velocity" }), element("dd", {}), element("dd", { className: "number velocity", textContent: run.velocity[at].toFixed(4) }));
  return list;
}

function curves(run, step, price, pick) {
  const count = stepsOf(run);
  if (!count) return [];
  const across = run.drafts.map((_, place) => place + 1), cursor = step || null;
  const policy = run.policies[0];
  const probabilities = styled([
    { name: "least sure cell", values: run.least_confidence },
    { name: "right, its own head", values: run.right },
    { name: "right now", values: run.correct_now },
    { name: "right now or later", values: run.correct_ever },
    { name: policy ? `${policy} would stop` : "would stop", values: policy ? run.halt_at.map((at) => at[0][price]) : run.halt },
  ]).filter((curve) => curve.values.some((one) => one !== null));
  const options = { cursor, pick, ticks: ticksOf(across) };
  const found = [element("h3", { textContent: "What it thinks of its draft" }),
    chart(probabilities, across, { ...options, low: 0, high: 1, percent: true, label: "probabilities by step" }),
    element("h3", { textContent: "How far its latents move" }),
    chart([{ name: "latent velocity", values: run.velocity, style: "c1" }], across, { ...options, log: true, height: 110, label: "latent velocity by step" })];
  if (Math.max(...run.start) > 1) found.push(element("h3", { textContent: "Starts" }), branches(run, step, pick));
  return found;
}

function rules(run, price, pick) {
  if (!stepsOf(run)) return "";
  const head = element("tr", {}, ...["Rule", "Stops after", "Answer", "Return"].map((text) => element("th", { textContent: text, scope: "col" })));
  const table = element("table", { className: "rules" }, element("thead", {}, head));
  const body = element("tbody", {});
  const rows = stopsAt(run, price);
  if (run.ended) rows.unshift({ name: `${run.rule}, which acted at ${run.price}`, step: run.stop, handed: run.handed, acting: true });
  for (const row of rows) {
    const line = element("tr", { className: row.acting ? "acting" : "" }, element("td", { textContent: row.policy ? `${row.name} at ${run.prices[price]}` : row.name }));
    if (row.step) {
      const jump = element("button", { type: "button", textContent: String(row.step) });
      jump.setAttribute("aria-label", `to step ${row.step}, where ${row.name} stops`);
      jump.addEventListener("click", () => pick(row.step));
      const solved = run.solved[(row.handed || row.step) - 1];
      const gained = (solved ? 1 : 0) - (run.prices[price] * row.step) / run.max_steps;
      line.append(element("td", {}, jump), element("td", { className: solved ? "good" : "bad", textContent: solved ? "right" : "wrong" }),
        element("td", { textContent: gained.toFixed(3) }));
    } else line.append(element("td", { textContent: row.bound ? "never" : "not in the first start" }), element("td"), element("td"));
    body.append(line);
  }
  table.append(body);
  return element("div", { className: "scroll" }, element("h3", { textContent: `Where each rule stops, and its return at ${run.prices[price]}` }), table);
}
