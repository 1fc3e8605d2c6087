"use strict";
// Many problems of a level: accuracy by step, and what each rule brings by price.

const batch = { running: null, start: null };

function showBatch(found) {
  const across = found.accuracy.map((_, place) => place + 1);
  const names = Object.keys(found.measured), prices = batch.start.prices;
  $("batch-pane").hidden = false;
  $("batch-accuracy").replaceChildren(chart([{ name: "right drafts", values: found.accuracy, style: "c1" }], across,
    { low: 0, high: 1, percent: true, height: 220, label: "accuracy by step" }), accuracyTable(found.accuracy));
  const curves = styled(names.map((name) => ({ name, values: found.measured[name].returns })));
  $("batch-returns").replaceChildren(chart(curves, prices, { logAcross: true, ticks: [0.02, 0.05, 0.1, 0.2, 0.5, 1], height: 240, label: "return by price" }));
  $("batch-table").replaceChildren(returnsTable(found, names, prices));
}

function accuracyTable(accuracy) {
  const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256].filter((step) => step <= accuracy.length);
  if (!steps.includes(accuracy.length)) steps.push(accuracy.length);
  const row = (name, cells, tag) => element("tr", {}, element("th", { textContent: name, scope: "row" }), ...cells.map((text) => element(tag, { textContent: text })));
  return element("div", { className: "scroll" }, element("table", {}, element("tbody", {}, row("step", steps.map(String), "th"), row("right", steps.map((step) => percent(accuracy[step - 1])), "td"))));
}

function returnsTable(found, names, prices) {
  const chosen = [0.1, 0.3, 0.6].map((price) => nearestPrice(prices, price));
  const head = element("tr", {}, ...["Rule", ...chosen.map((place) => `return at ${prices[place]}`), `steps at ${prices[chosen[0]]}`].map((text) => element("th", { textContent: text, scope: "col" })));
  const rows = names.map((name) => {
    const one = found.measured[name];
    const cells = [...chosen.map((place) => one.returns[place].toFixed(3)), one.steps[chosen[0]].toFixed(2)];
    return element("tr", {}, element("th", { textContent: name, scope: "row" }), ...cells.map((text) => element("td", { textContent: text })));
  });
  return element("div", { className: "scroll" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
}

async function measure() {
  batch.running?.abort();
  const control = (batch.running = new AbortController());
  $("batch-error").textContent = "";
  $("batch-end").disabled = false;
  $("batch-says").textContent = "drawing the problems …";
  $("batch-progress").removeAttribute("value");
  const number = (id) => ($(id).value.trim() === "" ? null : Number($(id).value));
  const body = { task: $("batch-task").value, level: $("batch-level").value, checkpoint: $("batch-checkpoint").value,
    problems: number("batch-problems"), max_steps: number("batch-max_steps"), seed: number("batch-seed") };
  try {
    await streamed("api/batch", body, control.signal, (kind, data) => {
      if (kind === "start") batch.start = data;
      if (kind === "progress") showBatch(data);
      if (kind !== "end") {
        $("batch-progress").value = data.done / batch.start.problems;
        $("batch-says").textContent = `${data.done} of ${batch.start.problems} problems`;
      }
    });
  } catch (error) {
    if (control.signal.aborted) $("batch-says").textContent += ", stopped";
    else $("batch-error").textContent = error.message;
  }
  if (batch.running === control) {
    if ($("batch-progress").position < 0) $("batch-progress").value = 0;
    $("batch-end").disabled = true;
  }
}

function setUpBatch() {
  $("batch-ask").addEventListener("submit", (event) => { event.preventDefault(); measure(); });
  $("batch-end").addEventListener("click", () => batch.running?.abort());
}
