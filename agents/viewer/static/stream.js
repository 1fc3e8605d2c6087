"use strict";
// Server-sent events of a request with a body, which EventSource cannot send.

async function refusal(answer) {
  let told = {};
  try { told = await answer.json(); } catch { /* no JSON: the status says it */ }
  return new Refused(told.field || "", told.message || `the server answered ${answer.status}`);
}

async function asked(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

// Calls on(kind, data) for every event. Throws Refused for what is wrong with the request.
async function streamed(path, body, signal, on) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  if (!answer.ok) throw await refusal(answer);
  const reader = answer.body.getReader(), decoder = new TextDecoder();
  let held = "", ended = false;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    held += decoder.decode(value, { stream: true });
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const event = Object.fromEntries(part.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const data = JSON.parse(event.data);
      if (event.event === "fault") throw new Refused("", data.message);
      ended ||= event.event === "end";
      on(event.event, data);
    }
  }
  if (!ended) throw new Refused("", "the server ended before the run did");
}
