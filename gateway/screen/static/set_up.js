// The set-up page: asks for the state every second and paints it; each button is one request.

import { byId, icon, keyed, make, put } from "./nodes.js";
import { prepareSound, sound } from "./sound.js";
import { count, hour, known, paintLabels, pick, say, switchLanguage } from "./words.js";

const ASK_MS = 1000;
const ANSWER_MS = 8000;
const TWICE_MS = 3000;
const TROUBLE_MS = 15000;

const base = `/station/${encodeURIComponent(document.body.dataset.station)}/set-up`;
let state = null;
let troubleUntil = 0;
let restarting = false;

async function ask() {
  try {
    const answer = await fetch(`${base}/state`, { cache: "no-store", redirect: "error", signal: AbortSignal.timeout(ANSWER_MS) });
    if (answer.status === 404) return void location.assign("/");
    if (answer.status >= 500) throw new Error("The gateway is starting.");
    const said = await answer.json();
    if (said.release && said.release !== document.body.dataset.release) return void location.reload();
    state = answer.ok ? said : null;
    restarting = false;
    connected(true);
  } catch {
    connected(false);
  }
  paint();
}

function connected(yes) {
  byId("lost").hidden = yes;
  byId("lost-word").dataset.text = restarting ? "restarting" : "disconnected";
  put("lost-word", say(byId("lost-word").dataset.text));
  document.documentElement.dataset.connected = yes ? "yes" : "no";
}

async function post(act, body = {}) {
  let said = null;
  try {
    const answer = await fetch(`${base}/${act}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Lineside-Token": state.token },
      body: JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (!answer.ok) said = await answer.json();
  } catch {
    said = { zh: say("unsent"), en: say("unsent") };
  }
  trouble(said);
  await ask();
  return said === null;
}

function trouble(said) {
  byId("trouble").hidden = said === null;
  if (said === null) return;
  troubleUntil = performance.now() + TROUBLE_MS;
  byId("trouble").lastElementChild.textContent = [pick(said), said.detail].filter(Boolean).join(": ");
}

function paint() {
  byId("refused").hidden = Boolean(state) || document.documentElement.dataset.connected !== "yes";
  byId("main").hidden = !state;
  if (performance.now() > troubleUntil) byId("trouble").hidden = true;
  document.documentElement.dataset.painted = "yes";
  if (!state) return void put("person", "");
  put("station-name", state.name || state.station);
  put("person", state.person.id ? say("set_up_by", { name: state.person.name || state.person.id }) : say("set_up_first"));
  byId("restart").hidden = !state.restart_needed;
  put("restart-word", say(state.supervised ? "restart_needed" : "restart_by_hand"));
  const restart = document.querySelector("[data-do=restart]");
  restart.dataset.text = state.supervised ? "restart" : "restart_stop";
  if (!restart.classList.contains("sure")) restart.textContent = say(restart.dataset.text);
  paintListening();
  paintDetected();
  paintAssigned();
  paintConfigured();
  paintSignals();
  paintFacts();
}

function paintListening() {
  const { seconds_left: left, heard } = state.listening;
  byId("listen").dataset.active = left > 0 ? "yes" : "no";
  byId("do-listen").hidden = left > 0;
  byId("do-stop").hidden = left <= 0;
  put("listen-left", left <= 0 ? "" : `${say("listen_left", { count: left })} · ${heard.length ? "" : say("heard_none")}`.replace(/ · $/, ""));
  keyed(byId("heard"), heard, (each) => each.number, row, (node, each) => paintHeard(node, each));
}

function row() {
  const node = make("li");
  node.append(make("div", "what"), make("div", "acts"));
  return node;
}

function paintHeard(node, each) {
  const there = state.detected.find((one) => one.key === each.detected);
  const [what, acts] = node.children;
  const said = JSON.stringify([each, there?.used, state.assigned, document.documentElement.lang]);
  if (node.dataset.said === said) return; // A button under a finger stays.
  node.dataset.said = said;
  what.replaceChildren(make("b", "", each.device || there?.title || each.detected), make("small", "", `${say(`heard_${each.kind}`)} `), make("code", "", each.kind === "garbled" ? "" : each.shown));
  acts.replaceChildren(...heardActs(each, there));
}

// What can be done with a device that was heard: nothing with one of the configuration, another choice with one of this page.
function heardActs(each, there) {
  if (each.device) return [make("span", "chip good", say("heard_in_use", { station: state.station }))];
  if (!there) return [];
  const used = there.used;
  const here = used?.station === state.station;
  const chip = used ? [make("span", "chip", say("heard_in_use", { station: `${used.station} · ${used.name}` }))] : [];
  if (used && !used.assigned) return chip;
  if (each.kind === "label" && !(here && used.role === "scanner")) return [...chip, button("as_scanner", { do: "assign", key: there.key, role: "scanner" }, "main")];
  if (each.kind !== "key") return chip;
  const named = here && state.assigned.find((one) => one.name === used.name)?.buttons.find((one) => one.code === each.code);
  const calls = state.call_types.map((type) => button("", { do: "assign", key: there.key, role: "button", code: each.code, call: type.id }, named?.call_type === type.id ? "main" : "", pick(type)));
  return [make("span", "", say("as_button")), ...calls];
}

function button(key, given, className = "", text = say(key)) {
  const node = make("button", className, text);
  Object.assign(node.dataset, given);
  return node;
}

function paintDetected() {
  byId("detected-none").hidden = state.detected.length > 0;
  keyed(byId("detected"), state.detected, (each) => each.key, row, (node, each) => {
    const { vendor, product, serial, phys } = each.identity;
    const model = vendor ? `${vendor}:${product}` : "";
    node.children[0].replaceChildren(make("b", "", each.title || each.place), make("small", "", [say(`channel_${each.channel}`), model, serial, phys, each.place].filter(Boolean).join(" · ")));
    const chip = each.used ? make("span", "chip good", `${each.used.station} · ${each.used.name}`) : make("span", each.readable ? "chip" : "chip bad", say(each.readable ? "unused" : "unreadable"));
    node.children[1].replaceChildren(chip);
  });
}

function paintAssigned() {
  byId("assigned-none").hidden = state.assigned.length > 0;
  keyed(byId("assigned"), state.assigned, (each) => each.name, row, (node, each) => {
    const calls = each.buttons.map((one) => `${one.shown} → ${callName(one.call_type)}`);
    const [what, acts] = node.children;
    what.replaceChildren(make("b", "", each.name), make("small", "", [each.station, say(`role_${each.role}`), each.by, ...calls].filter(Boolean).join(" · ")));
    if (!acts.firstChild) acts.append(make("span", "chip warn"), button("assigned_remove", { do: "remove", name: each.name }));
    acts.firstChild.hidden = each.running;
    acts.firstChild.textContent = say("assigned_waits");
    if (!acts.lastChild.classList.contains("sure")) acts.lastChild.textContent = say("assigned_remove");
  });
  keyed(byId("left-out"), state.left_out, (each) => each, () => make("li"), (node, each) => (node.textContent = each));
}

const callName = (id) => pick(state.call_types.find((type) => type.id === id)) || id;

function paintConfigured() {
  keyed(byId("configured"), state.configured, (each) => each.name, row, (node, each) => {
    node.children[0].replaceChildren(make("b", "", each.name), make("small", "", [each.station, say(`role_${each.role}`), each.kind].join(" · ")));
    const [kind, key] = each.there === null ? ["chip", "not_told"] : each.there ? ["chip good", "there"] : ["chip bad", "not_there"];
    node.children[1].replaceChildren(make("span", kind, say(key)));
  });
}

function paintSignals() {
  keyed(byId("signals"), state.signals, (each) => each, () => make("button"), (node, signal) => {
    node.dataset.do = "signal";
    node.dataset.signal = signal;
    node.textContent = say(`signal_${signal}`);
  });
}

function facts(id, rows) {
  const nodes = rows.flatMap(([name, value, kind]) => [make("dt", "", name), make("dd", kind || "", value)]);
  byId(id).replaceChildren(...nodes);
}

function paintFacts() {
  const { interfaces, office, broker } = state.network;
  const reach = (each) => [[each.place, say(`link_${each.state}`)].filter(Boolean).join(" · "), each.state === "offline" ? "bad" : ""];
  const errors = (each) => (each.error ? [[say("last_error"), each.error, "bad"]] : []);
  facts("network", [
    ...interfaces.map((each) => [each.name, each.up ? each.address || say("no_address") : say("link_down"), each.up && each.address ? "" : "warn"]),
    [say("office_server"), ...reach(office)],
    ...errors(office),
    [say("broker"), ...reach(broker)],
    ...errors(broker),
  ]);
  const clock = state.clock;
  const bound = clock.synchronised ? say("clock_good", { count: count(Math.ceil(clock.error_seconds * 1000)) }) : say("clock_bad");
  facts("clock", [
    [say("clock_now"), hour(clock.wall)],
    [say("clock_title"), bound, clock.synchronised ? "" : "warn"],
    [say("clock_source"), clock.source || say("clock_no_source"), clock.source ? "" : "warn"],
  ]);
  const queue = state.queue;
  const refusing = queue.refusing ? (known(`refusing_${queue.refusing}`) ? say(`refusing_${queue.refusing}`) : queue.refusing) : "";
  facts("queue", [
    [say("queue_kept"), count(queue.kept)],
    ...(state.network.office.state === "none" ? [] : [[say("queue_waiting"), count(queue.waiting), queue.waiting ? "warn" : ""]]),
    ...(queue.waiting && queue.oldest_wall ? [[say("queue_oldest"), hour(queue.oldest_wall, clock.wall)]] : []),
    [say("queue_days"), queue.days === null ? say("queue_days_unknown") : say("queue_days_count", { count: Math.floor(queue.days) })],
    [say("journal_title"), queue.faults.length ? `${say("journal_bad")}: ${queue.faults[0]}` : say("journal_good"), queue.faults.length ? "bad" : ""],
    ...(refusing ? [[say("journal_refusing"), refusing, "bad"]] : []),
  ]);
}

// What cannot be taken back by the next touch is asked twice.
function twice(node, act) {
  const calm = () => {
    clearTimeout(node.calming);
    node.classList.remove("sure");
    node.textContent = node.usual;
  };
  if (node.classList.contains("sure")) {
    calm();
    return void act();
  }
  node.usual = node.textContent;
  node.classList.add("sure");
  node.textContent = say("sure");
  node.calming = setTimeout(calm, TWICE_MS);
}

const ACTIONS = {
  language: () => (switchLanguage(), paint()),
  listen: () => post("listen"),
  stop: () => post("stop"),
  assign: ({ dataset }) => post("assign", { key: dataset.key, role: dataset.role, code: dataset.code || "", call_type: dataset.call || "" }),
  remove: (node) => twice(node, () => post("remove", { name: node.dataset.name })),
  signal: async ({ dataset }) => void ((await post("signal", { signal: dataset.signal })) && sound(dataset.signal, true)),
  restart: (node) => twice(node, async () => (restarting = await post("restart"))),
};

document.addEventListener("click", (event) => {
  const node = event.target.closest("[data-do]");
  if (!node || node.disabled) return;
  if (event.detail) node.blur(); // Else a scanner's Enter would press it again.
  ACTIONS[node.dataset.do]?.(node);
});

prepareSound(() => {});
paintLabels();
await ask();
setInterval(ask, ASK_MS);
