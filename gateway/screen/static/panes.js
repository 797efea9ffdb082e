// Everything of the page that stands still: the header's two states, people, work, calls, devices.

import { byId, icon, keyed, make, put, setIcon } from "./nodes.js";
import { count, duration, hour, known, pick, say } from "./words.js";

export function paintTop(state) {
  const gate = state.view.gateway;
  put("station-name", state.view.name || state.view.station);
  put("gateway-name", gate.name);
  put("kept", count(gate.kept));
  put("days", gate.days_left === null ? "" : say("days_left", { count: days(gate.days_left) }));
  const box = byId("office");
  box.dataset.state = gate.office === "online" && gate.waiting ? "behind" : gate.office;
  setIcon("office-icon", gate.office === "online" ? "office" : "office-off");
  put("office-state", known(`office_${gate.office}`) ? say(`office_${gate.office}`) : gate.office);
  put("office-waiting", gate.office === "none" ? "" : gate.waiting ? say("office_waiting", { count: count(gate.waiting) }) : say("office_all"));
  const since = gate.waiting && gate.office !== "none" ? gate.waiting_since_wall : null;
  put("office-since", gate.joining ? say(`joining_${gate.joining}`) : since === null ? "" : say("office_since", { time: hour(since, state.now()) }));
}

const days = (number) => (number < 10 ? number.toFixed(1) : String(Math.floor(number)));

export function paintPeople(state) {
  const people = state.view.people;
  const current = people.at(-1);
  put("person", current ? current.name : say("nobody"));
  put("person-hint", current ? (people.length > 1 ? say("also_here") : say("who")) : say("nobody_hint"));
  document.querySelector(".people").classList.toggle("empty", !current);
  keyed(byId("others"), people.slice(0, -1).reverse(), (each) => each.person, () => make("li"), (node, each) => (node.textContent = each.name));
}

// The operation that the buttons act on: the one tapped, else the running one, else the last paused one.
export function chosenWork(state) {
  const current = state.view?.people.at(-1);
  if (!current) return null;
  const mine = state.view.work.filter((each) => each.person === current.person);
  return mine.find((each) => each.operation === state.chosen) || mine.findLast((each) => each.state === "running") || mine.at(-1) || null;
}

export function paintJob(state) {
  const work = chosenWork(state);
  byId("job").dataset.state = work ? work.state : "none";
  byId("job-none").hidden = Boolean(work);
  byId("job-there").hidden = !work;
  const signedIn = state.view.people.length > 0;
  put("job-none-title", say("no_job"));
  put("job-none-hint", say(signedIn ? "no_job_hint" : "no_job_badge"));
  if (work) {
    put("job-operation", work.operation_name || work.operation);
    put("job-order", work.work_order);
    put("job-item", work.item);
    put("job-state", known(`state_${work.state}`) ? say(`state_${work.state}`) : work.state);
    put("job-time-word", say(work.state === "setup" ? "in_setup" : "worked"));
    put("job-planned", work.planned === null ? "—" : count(work.planned));
    put("job-good", count(work.good));
    put("job-scrap", count(work.scrap));
    byId("job-scrap").parentElement.classList.toggle("some", work.scrap > 0);
    byId("job-progress").value = work.planned ? Math.min(1, work.good / work.planned) : 0;
  }
  paintOtherWork(state, work);
  paintActions(state, work);
}

function paintOtherWork(state, work) {
  const current = state.view.people.at(-1);
  const others = state.view.work.filter((each) => each !== work);
  byId("job").classList.toggle("several", others.length > 0);
  keyed(byId("other-work"), others, (each) => `${each.person} ${each.operation}`, () => make("li"), (node, each) => {
    const mine = current && each.person === current.person;
    const line = node.firstElementChild?.tagName === (mine ? "BUTTON" : "P") ? node.firstElementChild : make(mine ? "button" : "p");
    if (line.parentElement !== node) node.replaceChildren(line);
    line.dataset.do = mine ? "choose" : "";
    line.dataset.value = each.operation;
    line.dataset.state = each.state;
    const time = make("time");
    time.dataset.work = `${each.person} ${each.operation}`;
    line.replaceChildren(icon(each.state === "running" ? "play" : "pause"), make("b", "", each.operation_name || each.operation), make("span", "", each.person_name), time);
  });
}

function paintActions(state, work) {
  const signedIn = state.view.people.length > 0;
  const paused = Boolean(work) && work.state === "paused";
  const inSetup = Boolean(work) && work.state === "setup";
  byId("do-setup").hidden = !work || inSetup || !state.view.commands.includes("setup");
  byId("do-report").disabled = !work;
  byId("do-pause").hidden = paused || inSetup;
  byId("do-pause").disabled = !work;
  byId("do-resume").hidden = !(paused || inSetup);
  put("do-resume-word", say(inSetup ? "run" : "resume"));
  byId("do-undo").disabled = !signedIn;
  byId("do-sign-out").disabled = !signedIn;
}

const worked = (state, work) => work.seconds + (work.state !== "paused" ? Math.max(0, state.now() - work.as_of_wall) : 0);

export function paintClocks(state) {
  put("wall", hour(state.now()));
  const work = chosenWork(state);
  if (work) put("job-time", duration(worked(state, work)));
  for (const each of state.view.work) {
    const node = document.querySelector(`time[data-work="${CSS.escape(`${each.person} ${each.operation}`)}"]`);
    if (node) node.textContent = duration(worked(state, each));
  }
  for (const call of state.view.calls) {
    for (const node of document.querySelectorAll(`[data-call="${CSS.escape(call.call)}"] time`)) node.textContent = duration(state.now() - call.raised_wall);
  }
}

const CALL_ICONS = { raised: "bell", acknowledged: "coming" };
export const callIcon = (call) => CALL_ICONS[call.state] || "bell";

export function callState(call) {
  if (call.state !== "acknowledged" && call.handed_by) return say("call_handed", { owner: call.owner });
  if (call.state !== "acknowledged") return call.tier ? say("call_escalated", { owner: call.owner || call.tier }) : say("call_raised");
  return call.acknowledged_by ? say("call_acknowledged", { name: call.acknowledged_by }) : say("call_acknowledged_nobody");
}

function callBrief(call) {
  if (call.state === "acknowledged") return call.acknowledged_by || say("call_coming_brief");
  if (call.handed_by) return `→ ${call.owner}`;
  return call.tier ? `↑ ${call.owner || call.tier}` : say("call_raised_brief");
}

// One button a type; an open call whose type has no button of its own gets one too.
export function paintCalls(state) {
  const open = state.view.calls;
  const types = state.view.call_types.map((type) => ({ type, call: open.find((call) => call.call_type === type.id) }));
  const rest = open.filter((call) => !types.some((each) => each.call === call)).map((call) => ({ type: { ...call, id: call.call_type }, call }));
  const all = [...types, ...rest];
  const box = byId("call-buttons");
  box.dataset.many = all.length > 6 ? "most" : all.length > 4 ? "more" : "few";
  keyed(box, all, (each) => (types.includes(each) ? each.type.id : each.call.call), callButton, (node, { type, call }) => updateCall(state, node, type, call));
}

function callButton() {
  const node = make("button");
  const words = make("span", "words");
  const about = make("span", "about");
  about.append(make("time"), make("small"));
  words.append(make("b"), about);
  node.append(make("span", "sign"), words);
  return node;
}

function updateCall(state, node, type, call) {
  const [sign, words] = node.children;
  const [time, about] = words.lastChild.children;
  node.dataset.do = call ? "call-open" : "call-raise";
  node.dataset.value = call ? call.call : type.id;
  node.dataset.call = call ? call.call : "";
  node.dataset.state = call ? call.state : "none";
  const impact = call ? call.impact : type.impact;
  node.dataset.impact = impact;
  const picture = call?.stopped ? "stop" : call ? callIcon(call) : type.impact === "stop" ? "stop" : "bell";
  if (sign.dataset.icon !== picture) sign.replaceChildren(icon(picture));
  sign.dataset.icon = picture;
  words.firstChild.textContent = pick(type);
  const sending = !call && state.sending.has(type.id);
  about.textContent = call ? callBrief(call) : sending ? say("sending") : say(`impact_${type.impact}`);
  time.hidden = !call;
}

export function paintFooter(state, photoPercent = null) {
  const chips = [];
  for (const button of document.querySelectorAll("button.photo")) {
    button.disabled = photoPercent !== null;
    button.lastElementChild.textContent = photoPercent === null ? say("photo") : `${photoPercent}%`;
  }
  if (photoPercent !== null) chips.push({ key: "photo", kind: "busy", icon: "camera", text: photoPercent < 100 ? say("photo_sending", { count: photoPercent }) : say("photo_taken") });
  const gate = state.view.gateway;
  for (const each of state.view.devices.filter((device) => !device.there)) {
    chips.push({ key: `device ${each.name}`, kind: "bad", icon: "plug-off", text: `${each.name} ${say("device_gone")}` });
  }
  if (!chips.some((each) => each.kind === "bad") && state.view.devices.length) chips.push({ key: "devices", kind: "good", icon: "plug", text: say("devices_ok") });
  if (gate.broker === "offline") chips.push({ key: "broker", kind: "warn", icon: "alert", text: say("broker_offline") });
  if (gate.photos_waiting) chips.push({ key: "photos", kind: "warn", icon: "camera", text: say("photo_waiting", { count: count(gate.photos_waiting) }) });
  if (!gate.clock_synchronised) chips.push({ key: "clock", kind: "warn", icon: "clock", text: say("clock_unsynchronised") });
  keyed(byId("chips"), [...lineChips(state), ...chips], (each) => each.key, (each) => {
    const node = make("li", `chip ${each.kind}`);
    const inner = each.link ? node.appendChild(make("a")) : node;
    if (each.link) inner.href = each.link;
    inner.append(icon(each.icon), make("span"));
    return node;
  }, (node, each) => (node.querySelector("span").textContent = each.text));
}

// The way to the line page: it names the open call of another gateway that matters most.
function lineChips(state) {
  const line = state.view.line;
  if (!line || (line.stations < 2 && state.view.gateway.broker === "none")) return [];
  const link = `/line#${encodeURIComponent(state.view.station)}`;
  const call = line.call;
  if (!call) return [{ key: "line", kind: "link", icon: "stations", link, text: say("line_open") }];
  const kind = call.acknowledged ? "coming" : call.impact === "stop" ? "bad" : "calling";
  const others = line.calls > 1 ? ` +${line.calls - 1}` : "";
  return [{ key: `line ${kind}`, kind, icon: call.acknowledged ? "coming" : "bell", link, text: `${call.station} · ${pick(call)}${others}` }];
}
