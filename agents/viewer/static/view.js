"use strict";
// The page as a whole: what is chosen, what is asked for, and a replay of what stands within it.

const page = { choices: null, drawn: null, running: null, drawing: null };

function options(select, names, chosen) {
  select.replaceChildren(...names.map((name) => element("option", { value: name, textContent: name, selected: name === chosen })));
}

function entryOf(name) {
  return page.choices.tasks.find((task) => task.name === name);
}

function chosenTask(prefix) {
  const entry = entryOf($(`${prefix}task`).value);
  options($(`${prefix}level`), entry.levels.map((level) => level.name), entry.default_level);
  options($(`${prefix}checkpoint`), entry.checkpoints);
  return entry;
}

function sayLevel() {
  const entry = entryOf($("task").value);
  $("level-says").textContent = entry.levels.find((level) => level.name === $("level").value)?.description || "";
}

function taskChanged() {
  const entry = chosenTask("");
  options($("checkpoint-2"), entry.checkpoints);
  $("maze-editor").hidden = entry.family !== "maze";
  sayLevel();
  clearErrors();
  const forms = {
    sudoku: "Cells row by row; blanks as 0, . _ or *; lines, boxes and commas as newspapers and programs have them.",
    maze: "Rows of # walls, . open cells, S and G; or draw it below.",
    arithmetic: "For example 731-58+94.",
    algebra: "For example 3*x + 4 = 10, or expand (x+2)*(3*x-1).",
    regression: "A table with commas, the target last; or a formula such as x^2 + sin(x), which is shown at points.",
  };
  $("problem-says").textContent = forms[entry.family] || "";
  if (entry.example) setProblem(entry.example, null);
  else drawProblem();
}

function setProblem(text, from) {
  page.drawing = null;
  $("problem").value = text;
  page.drawn = from;
  if (entryOf($("task").value).family === "maze") showMaze(text);
}

// What is drawn last is shown, whichever answer comes last; and nothing, where another was typed or chosen meanwhile.
async function drawProblem() {
  clearErrors();
  const from = { task: $("task").value, level: $("level").value, seed: Number($("seed").value) };
  const mine = (page.drawing = asked(`api/problem?${new URLSearchParams({ ...from, seed: $("seed").value })}`));
  try {
    const found = await mine;
    if (page.drawing === mine) setProblem(found.problem, from);
  } catch (error) {
    if (page.drawing === mine) sayError(error);
  }
  if (page.drawing === mine) page.drawing = null;
}

function clearErrors() {
  document.querySelectorAll("#ask .error").forEach((one) => { one.textContent = ""; });
  document.querySelectorAll("#ask [aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
}

function sayError(error, second) {
  const field = second ? "second" : error.field || "";
  const place = $(`error-${field}`) || $("error-");
  place.textContent = error.message;
  const input = second ? $("rule-2") : field && $(field);
  if (input) {
    input.setAttribute("aria-invalid", "true");
    input.closest("details")?.setAttribute("open", "");
    input.focus();
  }
}

function body() {
  const numbers = { max_steps: $("max_steps").value.trim() === "" ? null : Number($("max_steps").value), price: page.choices.prices[Number($("price").value)] };
  const found = { task: $("task").value, checkpoint: $("checkpoint").value, rule: $("rule").value, ...numbers };
  if ($("rules").value !== page.choices.rules) found.rules = $("rules").value;
  if (page.drawn) return { ...found, ...page.drawn };
  return { ...found, problem: $("problem").value };
}

async function solve() {
  page.running?.abort();
  const control = (page.running = new AbortController());
  clearErrors();
  play(false);
  while (page.drawing) await page.drawing.catch(() => {});
  if (control.signal.aborted) return;
  const first = body(), bodies = [first];
  if ($("two").checked) bodies.push({ ...first, checkpoint: $("checkpoint-2").value, rule: $("rule-2").value || "always" });
  const runs = [], still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const begin = () => {
    player.step = 0;
    player.toStop = true;
    if (!still) play(true);
  };
  $("end").disabled = false;
  await Promise.all(bodies.map(async (one, place) => {
    try {
      await streamed("api/solve", one, control.signal, (kind, data) => {
        if (kind === "start") runs[place] = newRun(data);
        else if (kind === "step") addStep(runs[place], data);
        else addEnd(runs[place], data);
        player.runs = runs.filter(Boolean);
        if (kind === "start") begin();
        show(player.step);
      });
    } catch (error) {
      if (!control.signal.aborted) sayError(error, place > 0);
    }
  }));
  if (page.running === control) $("end").disabled = true;
  if (player.toStop && still && runs.length && runs.every((run) => run?.ended)) go(Math.max(...runs.map((run) => run.stop)));
}

function setUpTabs() {
  const tabs = ["solve", "batch"];
  const choose = (name) => tabs.forEach((one) => {
    $(one).hidden = one !== name;
    $(`tab-${one}`).setAttribute("aria-selected", String(one === name));
    $(`tab-${one}`).tabIndex = one === name ? 0 : -1;
  });
  tabs.forEach((name, place) => {
    $(`tab-${name}`).addEventListener("click", () => choose(name));
    $(`tab-${name}`).addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs[1 - place];
      choose(other);
      $(`tab-${other}`).focus();
    });
  });
}

// A page that runs its networks itself measures no batches, and knows no restarts.
function aloneWith() {
  document.querySelector("nav").remove();
  $("batch").remove();
  $("solve").removeAttribute("role");
  $("rules-known").replaceChildren(...[...page.choices.known, "always"].map((name) => element("option", { value: name })));
  $("rules-say").textContent = `Of ${page.choices.rules}.`;
}

async function live() {
  page.choices = await asked("api/choices");
  if (page.choices.seeds) aloneWith();
  for (const end of ["min", "max"]) $("maze-size")[end] = page.choices.maze[end === "min" ? "least" : "most"];
  for (const prefix of $("batch-task") ? ["", "batch-"] : [""]) options($(`${prefix}task`), page.choices.tasks.map((task) => task.name));
  $("rules").value = page.choices.rules;
  $("price").max = page.choices.prices.length - 1;
  $("price").value = nearestPrice(page.choices.prices, 0.1);
  $("task").addEventListener("change", taskChanged);
  $("batch-task")?.addEventListener("change", () => chosenTask("batch-"));
  $("level").addEventListener("change", () => { sayLevel(); drawProblem(); });
  $("draw").addEventListener("click", () => {
    if (page.drawn && page.drawn.level === $("level").value && String(page.drawn.seed) === $("seed").value) $("seed").value = (Number($("seed").value) + 1) % (page.choices.seeds || Infinity);
    drawProblem();
  });
  $("problem").addEventListener("input", () => { page.drawn = page.drawing = null; if (entryOf($("task").value).family === "maze" && !maze.brush && readMaze($("problem").value)) drawMaze(false); });
  $("two").addEventListener("change", () => { $("second").hidden = !$("two").checked; });
  $("ask").addEventListener("submit", (event) => { event.preventDefault(); solve(); });
  $("end").addEventListener("click", () => page.running?.abort());
  taskChanged();
  if ($("batch-task")) chosenTask("batch-");
}

// A page with its data within: nothing can be asked for, and everything can be played.
function replayed(episodes) {
  for (const id of ["ask", "batch"]) $(id).remove();
  document.querySelector("nav").remove();
  $("solve").removeAttribute("role");
  const runs = episodes.map((one) => ({ ...one, ended: true }));
  const names = runs.map((run, place) => `${place + 1}: ${run.drawn || run.problem_text.slice(0, 60)}, ${run.answer_right ? "solved" : "not solved"}`);
  $("episodes").replaceChildren(...names.map((name, place) => element("option", { value: place, textContent: name })));
  $("episodes-label").hidden = runs.length < 2;
  const choose = (run) => {
    player.runs = [run];
    $("price").max = run.prices.length - 1;
    show(0);
  };
  $("episodes").addEventListener("change", () => choose(runs[Number($("episodes").value)]));
  $("price").value = nearestPrice(runs[0].prices, runs[0].price);
  choose(runs[0]);
}

setUpPlayer();
setUpTheme();
const within = document.getElementById("replay");
if (within) replayed(JSON.parse(within.textContent).episodes);
else {
  setUpTabs();
  setUpMaze();
  setUpBatch();
  live().catch((error) => { $("error-").textContent = `The page could not begin: ${error.message}`; });
}
