"use strict";
// The answers of a server, given by this page itself: networks run in the browser, by onnxruntime-web beside the page.

const local = { choices: null, sessions: {} };

async function fetched(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Refused("", `${path} cannot be read: ${answer.status}`);
  return answer;
}

async function asked(path) {
  const [place, query] = path.split("?"), wanted = new URLSearchParams(query);
  local.choices ??= await (await fetched("live.json")).json();
  if (place === "api/choices") return local.choices;
  return { problem: drawnProblem({ task: wanted.get("task"), level: wanted.get("level"), seed: wanted.get("seed") }) };
}

// The test problems that came with the page are those of the first seeds.
function drawnProblem({ task, level, seed }) {
  const found = local.choices.problems[task][level], count = found.length;
  if (!/^\d+$/.test(String(seed)) || Number(seed) >= count) throw new Refused("seed", `this page has ${count} test problems of a level: seeds 0 to ${count - 1}`);
  return found[Number(seed)];
}

function session(name) {
  local.sessions[name] ??= (async () => {
    ort.env.wasm.wasmPaths = new URL("runtime/", location.href).href;
    ort.env.wasm.numThreads = 1;
    return ort.InferenceSession.create(await (await fetched(`networks/${name}.onnx`)).arrayBuffer(), { executionProviders: ["wasm"] });
  })();
  local.sessions[name].catch(() => { delete local.sessions[name]; });
  return local.sessions[name];
}

const whole = (values) => new ort.Tensor("int64", BigInt64Array.from([...values].map(BigInt)), [1, values.length]);
const one = (value) => new ort.Tensor("int64", BigInt64Array.of(BigInt(value)), [1]);
const start = (values, positions) => new ort.Tensor("float32", Float32Array.from({ length: positions * values.length }, (_, place) => values[place % values.length]), [1, positions, values.length]);
const row = (width) => new ort.Tensor("float32", new Float32Array(width), [1, width]);

// What comes out of every step, by name: see agents/inference/onnx_watched.py.
async function* thinking(name, facts, given, maxSteps) {
  const run = await session(name), { note } = facts;
  let state = { answer: start(note.start.answer, note.positions), reasoning: start(note.start.reasoning, note.positions), draft: whole(given.problem),
    steps: one(0), unchanged: one(0), now: row(note.width), last: row(note.width), total: row(note.width) };
  const fixed = { problem: whole(given.problem), free: whole(given.free.map(Number)), max_steps: one(maxSteps) };
  for (let step = 0; step < maxSteps; step++) {
    const shown = await run.run({ ...state, ...fixed });
    state = Object.fromEntries(Object.keys(state).map((key) => [key, shown[`next_${key}`]]));
    yield shown;
  }
}

// A step as the server tells it; stops: of all rules that this page has.
function stepEvent(shown, facts, given, before, price) {
  const draft = Array.from(shown.next_draft.data, Number), number = (name) => (Number.isFinite(shown[name].data[0]) ? shown[name].data[0] : null);
  const prices = facts.note.prices.length, at = Array.from(shown.halt_at.data), exported = Array.from(shown.stops.data, Boolean);
  const solved = given.judge(draft);
  const halts = facts.policies.map((_, place) => at.slice(place * prices, (place + 1) * prices));
  const stops = Object.fromEntries(facts.note.rules.map((name, place) => [name, exported[place]]));
  return {
    drafts: draft, confidence: Array.from(shown.confidence.data), solved, start: 1, again: null, halt: halts.length ? halts[0][price] : null,
    least_confidence: number("least_confidence"), velocity: number("velocity"), right: number("right"), correct_now: number("correct_now"), correct_ever: number("correct_ever"),
    changed: draft.filter((token, cell) => token !== before[cell]).length, halt_at: halts, stops: facts.rules.map((name) => (name === "verifier" ? solved : stops[name])),
    text: given.text(draft), wrong: solved ? draft.map(() => false) : given.wrong(draft).map((wrong, cell) => wrong && given.free[cell]),
  };
}

// Whether the rule that acts stops after a step: a policy, or any of the rules that are watched, joined by +.
function actingRule(text, facts, price) {
  const known = { always: () => false, verifier: (step) => step.solved };
  facts.policies.forEach((name, place) => { known[name] = (step) => step.halt_at[place][price] >= 0.5; });
  const parts = text.split("+").map((part) => part.trim());
  for (const part of parts) {
    const place = facts.rules.indexOf(part);
    if (!known[part] && place < 0) throw new Refused("rule", `${part} is not in this page: choose ${[...Object.keys(known), ...facts.rules.filter((name) => name !== "verifier")].join(", ")}`);
    known[part] ??= (step) => step.stops[place];
  }
  return (step) => parts.some((part) => known[part](step));
}

async function streamed(path, body, signal, on) {
  const facts = local.choices.facts[body.task], { prices } = facts.note;
  const given = readProblem(body.level ? drawnProblem(body) : body.problem, facts);
  if (!Number.isInteger(body.max_steps) || body.max_steps < 1 || body.max_steps > 256) throw new Refused("max_steps", "the budget of steps must be a whole number from 1 to 256");
  const price = nearestPrice(prices, body.price), rule = body.rule.trim() || facts.usual, acts = actingRule(rule, facts, price);
  const watched = body.rules === undefined ? facts.rules : [...new Set(body.rules.split(/\s+/).filter(Boolean))].filter((name) => !facts.policies.includes(name));
  const unknown = watched.find((name) => !facts.rules.includes(name));
  if (unknown) throw new Refused("rules", `${unknown} is not in this page: choose from ${facts.rules.join(", ")}`);
  const drawn = body.level ? `level ${body.level}, seed ${body.seed}` : "";
  on("start", { ...facts, rules: watched, problem: given.problem, problem_text: given.text(given.problem), start_draft: given.problem, free: given.free,
    rule, price: prices[price], max_steps: body.max_steps, checkpoint: body.checkpoint, remark: given.remark, drawn });
  let before = given.problem, taken = 0, stop = 0;
  const solved = [];
  for await (const shown of thinking(body.checkpoint, facts, given, body.max_steps)) {
    signal?.throwIfAborted();
    const event = stepEvent(shown, facts, given, before, price);
    taken++;
    solved.push(event.solved);
    if (!stop && acts(event)) stop = taken;
    before = event.drafts;
    on("step", { ...event, stops: watched.map((name) => event.stops[facts.rules.indexOf(name)]) });
    await new Promise((done) => setTimeout(done)); // the page is drawn between two steps
  }
  stop ||= taken;
  on("end", { stop, handed: stop, right: solved[stop - 1], note: "" });
}
