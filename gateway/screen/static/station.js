// The station page: one state, painted whole whenever the gateway says something new.

import { InstructionPanel } from "./instruction.js";
import { KeyCollector, visible } from "./keys.js";
import { byId } from "./nodes.js";
import { CallPanel, QuantityPanel } from "./panels.js";
import { CounterPanel } from "./counter.js";
import { NotePanel } from "./note.js";
import { PausePanel } from "./pause.js";
import { chosenWork, paintCalls, paintClocks, paintFooter, paintJob, paintPeople, paintTop } from "./panes.js";
import { Photos } from "./photos.js";
import { paintAge, paintRecent, paintDoubt, paintResult, paintUnkept } from "./result.js";
import { paintMute, prepareSound, sound, switchMute } from "./sound.js";
import { ReadingPanel, paintHandover, paintNotices } from "./reading.js";
import { Wire } from "./wire.js";
import { paintLabels, say, speakTo, switchLanguage } from "./words.js";

const LOCAL_SECONDS = 20; // How long the page's own trouble covers the station's last result.
const TWICE_MS = 3000;
const SENDING_MS = 5000;

const state = {
  view: null,
  wall: 0,
  wallAt: 0,
  local: null,
  chosen: "",
  pendingSince: 0,
  sending: new Set(),
  now: () => (state.wall ? state.wall + (performance.now() - state.wallAt) / 1000 : Date.now() / 1000),
};

const wire = new Wire(`/station/${encodeURIComponent(document.body.dataset.station)}`, { view, connected, taken, refused });
const quantity = new QuantityPanel(state, post);
const call = new CallPanel(state, post);
const reading = new ReadingPanel(state, post);
const counter = new CounterPanel(state, post);
const fields = () => [reading, counter, quantity].find((each) => each.open);
const note = new NotePanel(state, post);
const pause = new PausePanel(state, post);
const instruction = new InstructionPanel(state);
const photos = new Photos(wire, { begun: () => call.hide(), changed: paint, taken: () => taken("photo"), refused });
const keys = new KeyCollector({
  label: (text) => post("typed", { text }),
  trouble: refused,
  echo: (text) => (byId("type-label").value = visible(text)),
  fieldsOpen: () => Boolean(fields()),
  fieldKey: (key) => fields()?.key(key),
  escape: () => (fields() ? fields().cancel() : ([note, pause, call].find((each) => each.open) || instruction).hide()),
});

function view({ wall, version, station }) {
  state.wall = wall;
  state.wallAt = performance.now();
  if (!station) return void location.assign("/");
  const before = state.view;
  state.view = station;
  if (newsOf(before) !== newsOf(station)) {
    instruction.narrow();
    state.local = null;
    state.pendingSince = 0;
  }
  if (before) soundOf(before, station);
  for (const each of station.calls) state.sending.delete(each.call_type);
  paint();
  document.documentElement.dataset.version = version;
}

const newsOf = (station) => (station?.last ? JSON.stringify([station.last.wall, station.last.identity, station.last.signal, station.last.shown, station.last.text]) : "");
const openCalls = (station, wanted) => station.calls.filter((each) => each.state === wanted).map((each) => each.call);

function soundOf(before, after) {
  if (after.gateway.refusing && !before.gateway.refusing) return sound("unkept");
  if (after.last && newsOf(before) !== newsOf(after)) return sound(after.last.signal);
  const coming = openCalls(after, "acknowledged").some((each) => !openCalls(before, "acknowledged").includes(each));
  if (coming) return sound("acknowledged");
  if (before.gateway.office !== after.gateway.office && after.gateway.office !== "none") sound(after.gateway.office);
}

function paint() {
  if (!state.view) return;
  if (speakTo(state.view.people.at(-1))) paintMute();
  paintTop(state);
  paintPeople(state);
  paintJob(state);
  paintCalls(state);
  paintRecent(state);
  paintFooter(state, photos.percent);
  quantity.follow(); // Before the result: an open panel takes the place of the prompt's buttons.
  call.follow();
  reading.follow();
  counter.follow();
  paintNotices(state);
  paintHandover(state);
  pause.follow();
  note.follow();
  instruction.follow();
  paintResult(state);
  paintUnkept(state);
  paintDoubt(state);
  paintClocks(state);
  document.documentElement.dataset.painted = "yes";
}

function connected(yes) {
  byId("lost").hidden = yes;
  document.documentElement.dataset.connected = yes ? "yes" : "no";
}

function post(kind, body) {
  wire.post(kind, body);
}

// A label that was read after the page's own trouble ends it; trouble with a later label stays.
function taken(kind, at) {
  state.pendingSince = performance.now();
  if (kind === "typed" && state.local && state.local.at <= at) state.local = null;
  paint();
}

// `said` is a key of our own words or the gateway's answer in both languages.
function refused(said) {
  const text = typeof said === "string" ? { zh: say(said), en: say(said) } : said;
  const at = performance.now();
  state.local = { signal: "refused", text, shown: "", wall: state.now(), at, until: at + LOCAL_SECONDS * 1000 };
  state.sending.clear();
  sound("refused");
  paintResult(state);
  paint();
}

function tick() {
  if (state.local && performance.now() > state.local.until) {
    state.local = null;
    paint();
  }
  if (!state.view) return;
  if (state.pendingSince && performance.now() - state.pendingSince > LOCAL_SECONDS * 1000) state.pendingSince = 0;
  paintClocks(state);
  paintAge(state);
  call.follow();
}

const ACTIONS = {
  language: () => (switchLanguage(), paintMute(), paint()),
  mute: () => switchMute(),
  report: () => (quantity.show(), paint()),
  pause: () => (pause.asks() ? pause.show() : pause.post("")),
  "pause-because": (button) => pause.post(button.dataset.value),
  "pause-close": () => pause.hide(),
  note: () => note.show(),
  "note-call": () => (note.show(call.call), call.hide()),
  "note-close": () => note.hide(),
  setup: () => post("command", { command: "setup", value: chosenWork(state).operation }),
  resume: () => post("command", { command: "resume", value: "" }),
  sign_out: () => post("command", { command: "sign_out", value: "" }),
  undo: (button) => twice(button, () => post("command", { command: "undo", value: "" })),
  command: (button) => post("command", { command: button.dataset.command, value: button.dataset.value }),
  choose: (button) => ((state.chosen = button.dataset.value), paint()),
  field: (button) => quantity.choose(button.dataset.value),
  digit: (button) => fields()?.digit(button.dataset.value),
  "hand-over": () => post("command", { command: "handover", value: "" }),
  "counter-confirm": () => counter.confirm(),
  "counter-cancel": () => counter.cancel(),
  "reading-confirm": () => reading.confirm(),
  "reading-cancel": () => reading.cancel(),
  reason: (button) => quantity.reason(button.dataset.value),
  "fill-rest": () => quantity.fill(),
  "quantity-confirm": () => quantity.confirm(),
  "quantity-partial": () => quantity.confirm(true),
  "quantity-cancel": () => quantity.cancel(),
  "quantity-close": () => quantity.cancel(),
  "call-open": (button) => call.show(button.dataset.value),
  "call-close": () => call.hide(),
  "call-raise": (button) => raise(button.dataset.value),
  "call-stop": () => call.stop(),
  "call-assign": () => call.choose(),
  assign: (button) => call.assign(button.dataset.value),
  resolve: (button) => call.resolve(button.dataset.value),
  "instruction-open": () => instruction.show(),
  "instruction-close": () => instruction.hide(),
  "instruction-size": () => instruction.widen(),
  "photo-job": () => photos.take({ operation: chosenWork(state)?.operation || "", call: "" }),
  "photo-call": () => photos.take({ operation: "", call: call.call }),
};

function raise(type) {
  if (state.sending.has(type)) return;
  state.sending.add(type);
  setTimeout(() => state.sending.delete(type) && paint(), SENDING_MS);
  post("call", { call_type: type, long: false });
  paint();
}

function twice(button, act) {
  const label = button.querySelector("[data-text]");
  const usual = button.dataset.do;
  const calm = () => {
    clearTimeout(button.calming);
    button.classList.remove("sure");
    label.dataset.text = usual;
    label.textContent = say(usual);
  };
  if (button.classList.contains("sure")) {
    calm();
    act();
    return;
  }
  button.classList.add("sure");
  label.dataset.text = `${usual}_sure`;
  label.textContent = say(`${usual}_sure`);
  button.calming = setTimeout(calm, TWICE_MS);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button || button.disabled) return;
  if (event.detail) button.blur(); // Else a scanner's Enter would press it again.
  ACTIONS[button.dataset.do]?.(button);
});

byId("type-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId("type-label").value;
  byId("type-label").value = "";
  keys.clear();
  if (text.trim()) post("typed", { text });
});

byId("badge-form").addEventListener("submit", (event) => {
  event.preventDefault();
  call.acknowledge(byId("badge").value);
});

prepareSound((blocked) => (byId("sound-hint").hidden = !blocked));
paintLabels();
paintMute();
setInterval(tick, 1000);
