"use strict";
// Curves over steps or prices, and the starts of a run as branches.

// curves: {name, values (null where there is none), style}; options: {ticks, cursor, low, high, log, pick, width, label}.
function chart(curves, across, options = {}) {
  const width = 440, height = options.height || 170, left = 40, right = 8, top = 8, bottom = 22;
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.label || "" });
  const value = (one) => (options.log ? Math.log10(Math.max(one, 1e-9)) : one);
  const known = curves.flatMap((curve) => curve.values).filter((one) => one !== null && one !== undefined).map(value);
  const low = options.low ?? Math.min(...known, options.log ? -3 : 0), high = options.high ?? Math.max(...known, low + 1e-9);
  const place = (one) => (options.logAcross ? Math.log(one) : one);
  const from = place(across[0]), to = Math.max(place(across[across.length - 1]), from + 1e-9);
  const x = (one) => left + ((place(one) - from) / (to - from)) * (width - left - right);
  const y = (one) => height - bottom - ((value(one) - low) / (high - low || 1)) * (height - top - bottom);
  picture.append(drawn("path", { d: `M${left} ${top}V${height - bottom}H${width - right}`, class: "axis", fill: "none" }));
  for (const share of [0, 0.5, 1]) {
    const at = low + share * (high - low);
    const told = options.log ? (at < -2 ? (10 ** at).toExponential(0) : (10 ** at).toPrecision(1)) : options.percent ? `${Math.round(100 * at)}%` : at.toFixed(2);
    picture.append(drawn("text", { x: left - 4, y: height - bottom - share * (height - top - bottom) + 4, "text-anchor": "end" }, told));
  }
  for (const tick of options.ticks || ticksOf(across)) {
    picture.append(drawn("text", { x: x(tick), y: height - 6, "text-anchor": "middle" }, String(tick)));
  }
  for (const curve of curves) {
    let path = "", pen = "M";
    curve.values.forEach((one, step) => {
      if (one === null || one === undefined) { pen = "M"; return; }
      path += `${pen}${x(across[step]).toFixed(1)} ${y(one).toFixed(1)}`;
      pen = "L";
    });
    // A single point would have no line.
    picture.append(drawn("path", { d: path.includes("L") ? path : `${path || "M0 0"}h2`, class: `curve ${curve.style}` }, drawn("title", {}, curve.name)));
  }
  if (options.cursor !== undefined && options.cursor !== null)
    picture.append(drawn("path", { d: `M${x(options.cursor)} ${top}V${height - bottom}`, class: "cursor" }));
  if (options.pick) {
    const field = drawn("rect", { x: left, y: 0, width: width - left - right, height, class: "hit" });
    field.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * width;
      options.pick(Math.round(from + ((at - left) / (width - left - right)) * (to - from)));
    });
    picture.append(field);
  }
  return element("div", {}, picture, legend(curves));
}

function ticksOf(across) {
  const count = across.length, every = Math.max(1, Math.ceil(count / 8));
  return across.filter((_, place) => place % every === 0 || place === count - 1).filter((one, place, all) => place !== all.length - 2 || all[all.length - 1] - one > every / 2);
}

function legend(curves) {
  const list = element("ul", { className: "legend" });
  for (const curve of curves) {
    const key = drawn("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" }, drawn("path", { d: "M0 4H26", class: `curve ${curve.style}` }));
    Object.assign(key.style, { width: "26px", display: "inline-block", marginRight: ".3em" });
    list.append(element("li", {}, key, curve.name));
  }
  return list;
}

const STYLES = ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c1 d2", "c2 d2", "c3 d2", "c4 d2", "c5 d2", "c6 d3", "c7 d2", "c8 d3"];

function styled(curves) {
  return curves.map((curve, place) => ({ ...curve, style: STYLES[place % STYLES.length] }));
}

// Every start of a run is a branch from the problem; filled: a right draft; ringed: the draft that is handed in.
function branches(run, here, pick) {
  const starts = Math.max(...run.start), count = stepsOf(run);
  const row = 26, gap = Math.min(18, 380 / count), height = starts * row + 8;
  const picture = drawn("svg", { viewBox: `0 0 440 ${height}`, role: "img" });
  picture.setAttribute("aria-label", `${starts} starts; the draft of step ${run.handed || "?"} is handed in`);
  const at = (step) => 40 + (step - 1) * gap, level = (start) => 14 + (start - 1) * row;
  let last = 0;
  for (let start = 1; start <= starts; start++) {
    const mine = run.start.map((one, place) => (one === start ? place + 1 : 0)).filter(Boolean);
    const from = start === 1 ? `M14 ${level(1)}` : `M14 ${level(1)}V${level(start)}`;
    picture.append(drawn("path", { d: `${from}H${at(mine[mine.length - 1])}`, class: "branch" }));
    last = mine[mine.length - 1];
  }
  picture.append(drawn("circle", { cx: 14, cy: level(1), r: 6, class: here ? "node" : "node here" }, drawn("title", {}, "the problem")));
  for (let step = 1; step <= last; step++) {
    const kinds = ["node", run.solved[step - 1] ? "good" : "", step === run.handed ? "handed" : "", step === here ? "here" : ""];
    const node = drawn("circle", { cx: at(step), cy: level(run.start[step - 1]), r: Math.max(2.5, Math.min(6, gap / 2 - 1)), class: kinds.join(" ") });
    node.append(drawn("title", {}, `step ${step}, start ${run.start[step - 1]}`));
    node.addEventListener("click", () => pick(step));
    picture.append(node);
  }
  return picture;
}
