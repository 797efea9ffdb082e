// The last input in huge letters, the list of recent ones, and what covers them when nothing can be kept.

import { byId, icon, keyed, make, put, setIcon } from "./nodes.js";
import { ago, hour, known, pick, say } from "./words.js";

const OLD_SECONDS = 60; // After that the colour is quiet: a stale green must not look like news.
const RECENT_MAX = 20;
const LONG_EMS = 30; // A text wider than that is set smaller, so that all of it shows.

const ICONS = {
  none: "scan", kept: "check", noted: "noted", ask: "ask", repeated: "repeat", refused: "cross", called: "bell", stopping: "bell", stopped: "stop", escalated: "up",
  acknowledged: "coming", resolved: "flag", unkept: "alert", offline: "office-off", online: "office",
};
const iconOf = (signal) => ICONS[signal] || "noted";
const wordOf = (signal) => (known(`signal_${signal}`) ? say(`signal_${signal}`) : signal);

// What shows: the page's own trouble with a request, or the station's last result.
const resultOf = (state) => state.local || state.view?.last || null;

export function paintResult(state) {
  const result = resultOf(state);
  const signal = result ? result.signal : "none";
  const box = byId("result");
  box.dataset.signal = signal;
  setIcon("result-icon", iconOf(signal));
  put("result-word", state.local ? say("not_taken") : wordOf(signal));
  box.classList.toggle("local", Boolean(state.local));
  const text = result ? without(wordOf(signal), pick(result.text)) : say("ready_hint");
  put("result-text", text);
  box.classList.toggle("long", widthOf(text) > LONG_EMS);
  put("result-shown", result && result.shown ? result.shown : "");
  byId("beep").hidden = !(result && result.beep_unknown);
  paintPrompt(state, result);
  paintAge(state);
}

export function paintAge(state) {
  const result = resultOf(state);
  const age = result ? Math.max(0, state.now() - result.wall) : 0;
  const waiting = state.pendingSince && performance.now() - state.pendingSince > 700;
  byId("result").classList.toggle("old", Boolean(result) && age > OLD_SECONDS);
  put("result-age", waiting ? say("processing") : result ? ago(age) : "");
}

const PROMPT_BUTTONS = { confirm_rule: ["confirm", "cancel"], same_piece: ["same", "another"], quantity: ["report", "cancel"] };

const widthOf = (text) => [...text].reduce((sum, each) => sum + (each > "\u2e80" ? 1 : 0.5), 0);

// "Kept: good 5" under a huge "Kept" says it once.
const without = (word, text) => (text.startsWith(word) && text.length > word.length ? text.slice(word.length).replace(/^[\s:：，,·]+/, "") : text) || text;

function paintPrompt(state, result) {
  const prompt = state.view?.prompt;
  const asked = Boolean(prompt) && prompt.kind !== "none";
  const text = asked ? pick(prompt.text) : "";
  const box = byId("prompt");
  const panels = { quantity: "quantity", read_back: "reading", counter: "counter" };
  const shown = asked && !(panels[prompt.kind] && !byId(panels[prompt.kind]).hidden);
  box.hidden = !shown;
  byId("main").classList.toggle("asking", shown);
  if (!shown) return void box.replaceChildren();
  const told = result && result.signal === "ask";
  const line = text && !(told && pick(result.text) === text) ? [{ key: "line", text }] : [];
  keyed(box, [...line, ...buttonsOf(state, prompt)], (each) => each.key, (each) => make(each.command ? "button" : "p"), (node, each) => {
    node.textContent = each.text;
    if (!each.command) return;
    node.dataset.do = each.command === "report" ? "report" : "command";
    node.dataset.command = each.command;
    node.dataset.value = each.value || "";
    node.classList.toggle("main", Boolean(each.main));
  });
}

function buttonsOf(state, prompt) {
  if (prompt.kind === "cause") {
    const causes = new Map(state.view.calls.flatMap((call) => call.causes).map((cause) => [cause.id, cause]));
    return [...causes.values()].map((cause) => ({ key: `cause ${cause.id}`, text: pick(cause), command: "cause", value: cause.id, main: true }));
  }
  return (PROMPT_BUTTONS[prompt.kind] || ["cancel"]).map((command, at) => ({ key: command, text: say(command), command, main: at === 0 }));
}

export function paintRecent(state) {
  const recent = state.view.recent.slice(0, RECENT_MAX);
  byId("recent-none").hidden = recent.length > 0;
  put("recent-none", say("no_recent"));
  const keys = recent.map((each, at) => each.identity || `${each.wall} ${at}`);
  keyed(byId("recent"), recent.map((each, at) => ({ ...each, key: keys[at] })), (each) => each.key, recentLine, updateLine);
}

function recentLine() {
  const line = make("li");
  line.append(make("time"), make("span", "sign"), make("span", "what"), make("span", "mark"));
  return line;
}

function updateLine(line, each) {
  const [time, sign, what, mark] = line.children;
  line.dataset.signal = each.signal;
  time.textContent = hour(each.wall);
  if (sign.dataset.signal !== each.signal) sign.replaceChildren(icon(iconOf(each.signal)));
  sign.dataset.signal = each.signal;
  what.replaceChildren(make("b", "", pick(each.text) || wordOf(each.signal)), make("code", "", each.shown));
  if (each.beep_unknown) {
    const quiet = make("em");
    quiet.title = say("beep_unknown");
    quiet.append(icon("sound-off"));
    what.prepend(quiet);
  }
  const place = each.identity ? (each.at_office ? "office" : "here") : each.signal === "unkept" ? "lost" : "none";
  mark.dataset.place = place;
  const [picture, word] = { none: ["dash", ""], lost: ["alert", "not_kept"], office: ["office", "at_office"], here: ["card", "here"] }[place];
  mark.replaceChildren(icon(picture), ...(word ? [make("span", "", say(word))] : []));
}

export function paintDoubt(state) {
  byId("listening").hidden = !state.view?.listening;
  const doubt = state.view ? state.view.gateway.doubt : null;
  byId("doubt").hidden = !doubt;
  if (!doubt) return;
  const at = (wall) => (wall === null ? "…" : hour(wall));
  put("doubt", say("doubt", { count: doubt.lost, since: at(doubt.since_wall), until: at(doubt.until_wall) }));
}

export function paintUnkept(state) {
  const refusing = state.view ? state.view.gateway.refusing : "";
  const last = state.view?.last;
  const unkept = Boolean(refusing) || (last?.signal === "unkept" && !state.local);
  byId("unkept").hidden = !unkept;
  const key = `refusing_${refusing}`;
  put("unkept-reason", refusing ? (known(key) ? say(key) : say("refusing_other", { reason: refusing })) : last ? pick(last.text) : "");
}
