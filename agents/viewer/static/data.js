"use strict";
// A run as the page keeps it: what is known of it, and for every step what was seen; see events.record in Python.

const OF_STEPS = new Set();

// What is wrong with a request, and with which field of it.
class Refused extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

function newRun(start) {
  return { ...start, drafts: [], solved: [], ended: false };
}

function addStep(run, step) {
  for (const [name, value] of Object.entries(step)) {
    OF_STEPS.add(name);
    (run[name] ??= []).push(value);
  }
}

function addEnd(run, end) {
  Object.assign(run, { stop: end.stop, handed: end.handed, note: end.note, answer_right: end.right, ended: true });
}

function stepsOf(run) {
  return run.drafts.length;
}

function draftAfter(run, step) {
  return step ? run.drafts[step - 1] : run.start_draft;
}

// The draft that step's draft came from: of a new start, the blank one.
function draftBefore(run, step) {
  return step > 1 && run.start[step - 1] === run.start[step - 2] ? run.drafts[step - 2] : run.start_draft;
}

function firstTrue(marks) {
  const place = marks.indexOf(true);
  return place < 0 ? 0 : place + 1;
}

// Steps of the first start: a rule of two acts would not have begun again.
function firstStart(run) {
  const place = run.start ? run.start.findIndex((start) => start > 1) : -1;
  return place < 0 ? stepsOf(run) : place;
}

// After which step each policy and rule stops at a price: {name, step, acting, bound}; step 0: not yet, or not known.
function stopsAt(run, price) {
  const within = firstStart(run);
  const cut = within < stepsOf(run);
  const whole = run.ended && !cut ? stepsOf(run) : 0;
  const rows = [];
  run.policies.forEach((name, k) => {
    const stops = run.halt_at ? run.halt_at.slice(0, within).map((at) => at[k][price] >= 0.5) : [];
    rows.push({ name, step: firstTrue(stops) || whole, policy: true });
  });
  run.rules.forEach((name, r) => {
    const stops = run.stops ? run.stops.slice(0, within).map((at) => at[r]) : [];
    rows.push({ name, step: firstTrue(stops) || whole });
  });
  rows.push({ name: "first right draft (oracle)", step: firstTrue(run.solved), bound: true });
  return rows;
}

function returnAt(run, price, step) {
  return (run.solved[step - 1] ? 1 : 0) - (run.prices[price] * step) / run.max_steps;
}

function percent(share) {
  return share === null || share === undefined ? "–" : `${(100 * share).toFixed(share > 0.995 && share < 1 ? 1 : 0)}%`;
}

function nearestPrice(prices, price) {
  let best = 0;
  prices.forEach((one, place) => {
    if (Math.abs(Math.log(one / price)) < Math.abs(Math.log(prices[best] / price))) best = place;
  });
  return best;
}

function element(name, properties = {}, ...inside) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...inside);
  return made;
}

function drawn(name, attributes = {}, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}
