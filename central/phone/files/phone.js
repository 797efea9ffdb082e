// The phone page of a leader: open calls, acts on them, and what waits for the server. It works from the newest state that
// the server gave (kept by the service worker) and from the queue on this phone; central/pages/phone_pages.py answers both.
import { setServerTime, tick } from "./clock.js";
import { scaled } from "./picture.js";
import { QueueFull, acts, flush, forget, keep } from "./queue.js";
import { enterScan, leaveScan } from "./scan.js";
import { $, actLine, callCard, offer, showState, tell, word } from "./view.js";

const REFRESH_MS = 10_000;
const FETCH_MS_MAX = 15_000;
const limits = document.body.dataset;

let state = null; // The newest state, with the moment this phone got it.
let fresh = false; // It came from the server just now.
let queue = [];
let hold = ""; // Why something waits.
let sending = null;

// State

async function fetchState() {
  const signal = AbortSignal.timeout ? AbortSignal.timeout(FETCH_MS_MAX) : undefined;
  const answer = await fetch("/phone/state", { cache: "no-store", credentials: "same-origin", redirect: "manual", signal });
  if (answer.type === "opaqueredirect" || answer.status === 401) return null;
  if (!answer.ok) throw new Error(String(answer.status));
  const told = await answer.json();
  const kept = Number(answer.headers.get("X-Kept-At"));
  return { ...told, kept_at: kept || Date.now(), fresh: !kept };
}

async function refresh() {
  try {
    const told = await fetchState();
    if (!told) return signedOut();
    state = told;
    fresh = told.fresh;
    setServerTime(state.as_of + (Date.now() - state.kept_at) / 1000);
    if (fresh) renew();
  } catch {
    fresh = false;
  }
  await show();
}

// Only what came from the server this moment says who is signed in.
async function session() {
  try {
    const told = await fetchState();
    return told && told.fresh ? told : null;
  } catch {
    return null;
  }
}

function signedOut() {
  state = null;
  fresh = false;
  window.location.assign("/sign-in?next=/phone");
}

// Acts

function send() {
  sending ??= sendAll().finally(() => (sending = null));
  return sending;
}

async function sendAll() {
  let before;
  do {
    before = (await mine()).filter((each) => each.state === "waiting").length;
    if (!before) break;
    hold = await flush(session);
    await refresh();
  } while (!hold && (await mine()).some((each) => each.state === "waiting"));
  if (!before) hold = "";
  await show();
}

async function mine() {
  queue = await acts();
  return state ? queue.filter((each) => each.account === state.account) : [];
}

async function act(kind, call, about = "", shown = "", photo = null) {
  try {
    const title = `${call.name} · ${call.station}`;
    const { gateway, call: identity } = call;
    await keep({ account: state.account, kind, gateway, call: identity, title, about, shown, photo }, Number(limits.actsMax));
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist();
  } catch (fault) {
    tell(word(fault instanceof QueueFull ? "full" : "no_storage"), "red");
    return false;
  }
  tell(word("kept"), "amber");
  await show();
  send().then(tellOutcome);
  return true;
}

// What came of the newest act, where the person may still be looking.
async function tellOutcome() {
  const newest = (await mine()).at(-1);
  if (!newest || newest.state === "waiting" || !$("told").querySelector(".amber")) return;
  if (newest.state === "done") tell(word("sent"), "green");
  else tell(word(`refusal.${newest.refusal}`, { who: newest.who }), "red");
}

async function seen(each) {
  await forget(each.id);
  await show();
}

// Views

function view() {
  const [name, ...rest] = window.location.hash.slice(1).split("/");
  return ["calls", "call", "scan", "waiting", "more"].includes(name) ? [name, rest] : ["calls", []];
}

function shownCall() {
  const [name, [gateway, epoch, seq]] = view();
  if (name !== "call" || !state) return null;
  return state.calls.find((each) => each.gateway === gateway && each.call === `${epoch}/${seq}`) || null;
}

async function show() {
  const own = await mine();
  const [name] = view();
  for (const each of document.querySelectorAll("[data-view]")) each.hidden = each.dataset.view !== name;
  for (const each of document.querySelectorAll(".tabs a")) {
    const here = each.hash === `#${name === "call" ? "calls" : name}`;
    if (here) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
  }
  showState(state, fresh);
  showCalls(own);
  showCall(own);
  showWaiting(own);
  showMore(own);
  if (name === "scan") enterScan(lookUp);
  else leaveScan();
  tick();
}

function showCalls(own) {
  const calls = state ? state.calls : [];
  const waits = (call) => own.some((each) => each.state === "waiting" && each.kind !== "note" && isOf(each, call));
  $("calls").replaceChildren(...calls.map((call) => callCard(call, waits(call))));
  $("no-calls").hidden = !state || calls.length > 0;
  $("calls-count").textContent = calls.length || "";
  $("more-calls").hidden = !state || !state.more;
  $("more-calls").textContent = state ? word("more_calls", { n: state.more }) : "";
}

function isOf(each, call) {
  return each.gateway === call.gateway && each.call === call.call;
}

function showCall(own) {
  const [name, [gateway, epoch, seq]] = view();
  if (name !== "call") return;
  const call = shownCall();
  $("one-call").replaceChildren(...(call ? [callCard(call, false)] : []));
  document.querySelector('[data-view="call"] h1').textContent = call ? call.name : "";
  $("acts").hidden = !call || !call.may;
  $("only-leader").hidden = !call || call.may;
  $("call-page").href = `/calls/${gateway}/${epoch}/${seq}`;
  const about = own.filter((each) => each.gateway === gateway && each.call === `${epoch}/${seq}`);
  $("call-acts").replaceChildren(...about.map((each) => actLine(each, seen)));
  $("gone-call").hidden = Boolean(call) || !state;
  if (!call) return;
  $("acknowledge").hidden = call.state !== "raised" || about.some((each) => each.kind === "acknowledge" && each.state === "waiting");
  if (!isHeld()) {
    offer($("resolve").elements.about, call.causes);
    offer($("assign").elements.about, call.owners);
  }
  $("assign").hidden = call.owners.length === 0;
}

function showWaiting(own) {
  const open = own.filter((each) => each.state !== "done");
  $("waiting").replaceChildren(...own.map((each) => actLine(each, seen)));
  $("none-waiting").hidden = open.length > 0;
  $("waiting-count").textContent = open.length || "";
  $("hold").textContent = hold && open.some((each) => each.state === "waiting") ? word(`hold.${hold}`) : "";
  const others = queue.filter((each) => each.state === "waiting" && !own.includes(each)).length;
  $("others").hidden = !others;
  $("others").textContent = word("others", { n: others });
}

function showMore(own) {
  $("account").textContent = state ? state.account : "";
  for (const form of document.querySelectorAll("form.signed")) {
    form.hidden = !state;
    if (state) form.elements.form_token.value = state.form_token;
  }
  $("to-sign-in").hidden = Boolean(state);
  const waiting = own.filter((each) => each.state === "waiting").length;
  $("leaving").hidden = !waiting;
  $("leaving").textContent = word("leaving", { n: waiting });
}

// A choice or a word being written is not disturbed.
function isHeld() {
  const focused = document.activeElement;
  return Boolean(focused && /^(INPUT|SELECT|TEXTAREA)$/.test(focused.tagName));
}

// A label that was read: what is known here opens at once, the rest is looked up by the server.
async function lookUp(found) {
  const known = state && state.calls.find((call) => call.labels.includes(found.text));
  if (known) {
    window.location.hash = `call/${known.gateway}/${known.call}`;
    return "";
  }
  if (!fresh || !(await session())) return word("scan.offline");
  window.location.assign(`/scan?label=${encodeURIComponent(found.label)}`);
  return "";
}

// A page of another release than the server's loads itself anew, once, and never under a hand.
function renew() {
  if (state.version === limits.version || isHeld() || view()[0] !== "calls") return;
  if (sessionStorage.getItem("renewed") === state.version) return;
  sessionStorage.setItem("renewed", state.version);
  window.location.reload();
}

function listen() {
  $("acknowledge").addEventListener("click", () => shownCall() && act("acknowledge", shownCall()));
  for (const kind of ["resolve", "assign"]) {
    $(kind).addEventListener("submit", async (event) => {
      event.preventDefault();
      const choice = event.target.elements.about;
      const call = shownCall();
      if (call && choice.value && (await act(kind, call, choice.value, choice.selectedOptions[0].text))) choice.value = "";
    });
  }
  $("note").addEventListener("submit", (event) => {
    event.preventDefault();
    saveNote(event.target);
  });
  window.addEventListener("hashchange", () => {
    tell("");
    show();
    window.scrollTo(0, 0);
  });
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", () => document.hidden || wake());
}

async function saveNote(form) {
  const call = shownCall();
  const about = form.elements.about.value.trim();
  const file = form.elements.photo.files[0];
  if (!call) return;
  if (!about && !file) return tell(word("nothing_said"), "amber");
  let photo = null;
  try {
    photo = file ? await (await scaled(file, Number(limits.pixelsMax), Number(limits.bytesMax))).arrayBuffer() : null;
  } catch {
    return tell(word("bad_photo"), "red");
  }
  if (await act("note", call, about, about, photo)) form.reset();
}

async function wake() {
  await refresh();
  await send();
}

async function register() {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  document.addEventListener("visibilitychange", () => document.hidden || registration.update().catch(() => undefined));
}

listen();
register().catch(() => undefined); // Without it the page works while the server is there.
wake();
setInterval(() => document.hidden || wake(), REFRESH_MS);
