"use strict";
// Plays the runs that are shown: one step for all of them, from the problem to the last.

const player = { runs: [], step: 0, playing: false, toStop: false, timer: 0 };
const $ = (id) => document.getElementById(id);

function lastStep() {
  return Math.max(0, ...player.runs.map(stepsOf));
}

function show(step) {
  player.step = Math.max(0, Math.min(step, lastStep()));
  $("player").hidden = !player.runs.length;
  $("step").max = lastStep();
  $("step").value = player.step;
  $("step-says").textContent = player.step ? `step ${player.step} of ${lastStep()}` : "the problem";
  const run = player.runs[0];
  if (run) $("price-says").textContent = `λ = ${run.prices[Number($("price").value)]}`;
  const focus = document.activeElement, held = focus && $("panes").contains(focus) ? focus.getAttribute("aria-label") : null;
  $("panes").replaceChildren(...player.runs.map((one) => pane(one, player.step, Number($("price").value), $("mark").checked, go)));
  if (held) [...$("panes").querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === held)?.focus();
}

function go(step) {
  if (player.toStop) play(false);
  player.toStop = false;
  show(step);
}

function play(on) {
  player.playing = on;
  clearTimeout(player.timer);
  $("play").textContent = on ? "❚❚" : "▶";
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
  if (on) player.timer = setTimeout(tick, 1000 / Number($("rate").value));
}

function tick() {
  const ended = player.runs.every((run) => run.ended);
  // A fresh run is played as far as its rule let it go; what would have come after is there to be asked for.
  const end = player.toStop && ended ? Math.max(...player.runs.map((run) => run.stop)) : lastStep();
  if (ended && player.step >= end) {
    player.toStop = false;
    return play(false);
  }
  show(player.step + 1);
  play(true);
}

function setUpPlayer() {
  $("first").addEventListener("click", () => go(0));
  $("back").addEventListener("click", () => go(player.step - 1));
  $("on").addEventListener("click", () => go(player.step + 1));
  $("last").addEventListener("click", () => go(lastStep()));
  $("play").addEventListener("click", () => {
    if (!player.playing && player.step >= lastStep()) show(0);
    player.toStop = false;
    play(!player.playing);
  });
  $("step").addEventListener("input", () => go(Number($("step").value)));
  for (const id of ["mark", "price"]) $(id).addEventListener("input", () => show(player.step));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || $("player").hidden || $("solve").hidden) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, .maze, [role=tab]")) return;
    if (event.key === " " && event.target.closest("button, summary, input")) return;
    const keys = { ArrowLeft: player.step - 1, ArrowRight: player.step + 1, Home: 0, End: lastStep() };
    if (event.key === " ") $("play").click();
    else if (event.key in keys) go(keys[event.key]);
    else return;
    event.preventDefault();
  });
}

function setUpTheme() {
  const dark = () => document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  $("theme").addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; });
}
