// The line page: every station of the line, ours as they are, the others as their gateways say, with how old that is.

import { byId, icon, keyed, make, put, setIcon } from "./nodes.js";
import { Wire } from "./wire.js";
import { ago, count, duration, hour, paintLabels, pick, say, switchLanguage } from "./words.js";

const RETURN_MS = 120000; // A station's screen goes back to its station: who scans must see it.
const QUIET_MS = 400;

const state = {
  view: null,
  wall: 0,
  boottime: 0,
  at: 0,
  // Seconds of the gateway's boot clock and of its wall clock, now.
  now: () => state.boottime + (performance.now() - state.at) / 1000,
  wallNow: () => state.wall + (performance.now() - state.at) / 1000,
};

function view({ wall, boottime, line }) {
  if (!line) return void location.assign("/");
  Object.assign(state, { view: line, wall, boottime, at: performance.now() });
  paint();
}

const age = (station) => (station.as_of === null ? 0 : Math.max(0, state.now() - station.as_of));

// What the page makes of a station's presence: a gateway that said nothing for long is silent, whatever it said last.
function presence(station) {
  if (station.presence === "there" && station.age_known && age(station) >= state.view.silent_seconds) return "silent";
  return station.presence;
}

function told(station) {
  const now = presence(station);
  if (now === "own") return say("line_own");
  if (now === "unheard") return say("line_unheard");
  if (now === "untold") return say("line_untold");
  const old = ago(age(station));
  const data = say(station.age_known ? "line_as_of" : "line_as_of_least", { ago: old });
  return now === "there" ? data : `${say(`line_${now}`)} · ${data}`;
}

function callWord(call) {
  if (call.acknowledged) return call.acknowledged_by ? say("call_acknowledged", { name: call.acknowledged_by }) : say("call_acknowledged_nobody");
  return call.tier ? say("call_escalated", { owner: call.owner || call.tier }) : say("call_raised");
}

// Calls that nobody has taken first, those that stop the line before others, then the oldest.
const RANK = { stop: 0, fixed: 1, slow: 2, none: 3 };
function openCalls() {
  const all = state.view.stations.flatMap((station) => station.calls.map((call, index) => ({ station, call, key: `${station.gateway_name} ${station.station} ${call.call_type} ${index}` })));
  return all.sort((one, two) => one.call.acknowledged - two.call.acknowledged || RANK[one.call.impact] - RANK[two.call.impact] || one.call.began - two.call.began);
}

function paintCall(node, { station, call }) {
  node.dataset.state = call.acknowledged ? "acknowledged" : "raised";
  node.dataset.impact = call.impact;
  node.dataset.presence = presence(station);
  const time = make("time", "", duration(state.now() - call.began));
  const head = make("p", "head");
  head.append(make("b", "", pick(call)), time);
  const lines = [make("span", "where", station.name), make("span", "word", callWord(call))];
  if (station.presence !== "own") lines.push(make("small", "", told(station)));
  node.replaceChildren(icon(call.acknowledged ? "coming" : call.impact === "stop" ? "stop" : "bell"), head, ...lines);
}

// How a station's card is marked: by the call that matters most.
function worst(calls) {
  const waiting = calls.filter((call) => !call.acknowledged);
  if (!waiting.length) return calls.length ? "coming" : "";
  return waiting.some((call) => call.impact === "stop") ? "stop" : "slow";
}

function paintWork(work) {
  const node = make("div", "work");
  node.dataset.state = work.running ? "running" : "paused";
  const head = make("p");
  const figure = make("span", "figure");
  figure.append(make("b", "", count(work.good)), work.planned === null ? "" : ` / ${count(work.planned)}`);
  if (work.scrap) figure.append(make("i", "", ` ${say("scrap")} ${count(work.scrap)}`));
  head.append(icon(work.running ? "play" : "pause"), make("span", "title", work.title));
  const done = make("p");
  const bar = make("progress");
  bar.max = 1;
  bar.value = work.planned ? Math.min(1, work.good / work.planned) : 0;
  done.append(bar, figure);
  node.append(head, done);
  return node;
}

function paintStation(node, station) {
  const now = presence(station);
  node.className = "card";
  node.dataset.presence = now;
  node.dataset.station = station.station;
  const head = make("header");
  const calling = worst(station.calls);
  node.toggleAttribute("data-calling", Boolean(calling));
  if (calling) {
    node.dataset.calling = calling;
    head.append(icon(calling === "coming" ? "coming" : calling === "stop" ? "stop" : "bell"));
  }
  head.append(make("h3", "", station.name), make("small", "", station.gateway_name));
  const age = make("p", "age");
  age.append(icon({ own: "check", there: "check", untold: "dash", unheard: "dash" }[now] || "plug-off"), make("span", "", told(station)));
  const parts = [head, age];
  if (station.refusing) parts.push(make("p", "refusing", say("line_refusing")));
  if (now !== "unheard" && now !== "untold") {
    const people = make("p", "who");
    people.append(icon("person"), make("span", "", station.people.length ? station.people.join(say("comma")) : say("nobody")));
    parts.push(people, ...station.work.map(paintWork));
    if (!station.work.length) parts.push(make("p", "quiet", say("line_no_work")));
  }
  if (station.more) parts.push(make("p", "quiet", say("line_more", { count: station.more })));
  node.replaceChildren(...parts);
}

function paintTop() {
  const { view } = state;
  put("line-name", view.line);
  put("gateway-name", view.gateway);
  byId("broker").dataset.state = view.broker;
  setIcon("broker-icon", view.broker === "online" ? "plug" : "plug-off");
  put("broker-state", say(`office_${view.broker}`));
  const notice = { offline: "line_broker_offline", none: "line_broker_none" }[view.broker];
  byId("notice").hidden = !notice;
  put("notice", notice ? say(notice) : "");
}

function paint() {
  if (!state.view) return;
  paintTop();
  const calls = openCalls();
  put("call-count", calls.length ? String(calls.length) : "");
  byId("calls-none").hidden = calls.length > 0;
  keyed(byId("calls"), calls, (each) => each.key, () => make("li"), paintCall);
  keyed(byId("stations"), state.view.stations, (each) => `${each.gateway_name} ${each.station}`, () => make("li"), paintStation);
  byId("more").hidden = !state.view.more;
  put("more", say("line_stations_more", { count: state.view.more }));
  put("wall", hour(state.wallNow()));
  document.documentElement.dataset.painted = "yes";
}

function connected(yes) {
  byId("lost").hidden = yes;
  document.documentElement.dataset.connected = yes ? "yes" : "no";
}

// Opened from a station's screen, `#S1` names it: back there by itself, and when somebody scans by keyboard. Only once the
// keys are over: the end of a label must not arrive there as a label of its own.
const station = decodeURIComponent(location.hash.slice(1));
if (station) {
  const home = `/station/${encodeURIComponent(station)}`;
  byId("back").href = home;
  let waiting = 0;
  const leaveIn = (milliseconds) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => location.assign(home), milliseconds);
  };
  let typing = false;
  leaveIn(RETURN_MS);
  document.addEventListener("pointerdown", () => typing || leaveIn(RETURN_MS));
  document.addEventListener("keydown", (event) => {
    typing = typing || (event.key.length === 1 && !event.ctrlKey && !event.metaKey);
    if (!typing) return;
    event.preventDefault();
    leaveIn(QUIET_MS);
  });
}

byId("language").addEventListener("click", () => (switchLanguage(), paint()));
new Wire("/line", { view, connected });
paintLabels();
setInterval(paint, 1000);
