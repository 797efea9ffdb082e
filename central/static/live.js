// Keeps a page live: one stream of server-sent events says "something changed", and the page fetches its own fragment.
// The server renders and escapes the fragment; this script never builds markup from text.
import { tick, setServerTime } from "./clock.js";

const box = document.querySelector("[data-fragment]");
const pill = document.querySelector(".live");
const QUIET_SECONDS_MAX = 25; // Three heartbeats of the server; then the stream is dead whatever the browser thinks.
const REFRESH_GAP_MS = 250; // At most four fetches a second, however fast the records come.
const REFRESH_RETRY_MS = 2000;
const FETCH_MS_MAX = 10_000;
const RETRY_MS = [1000, 2000, 4000, 8000];
const IDLE_REFRESH_MS = 30_000; // A gateway goes offline by silence, which is no event.
const CLICK_MS = 400; // From the finger's lifting to the click that it makes.
const TURN_MS = 15_000; // A wall screen shows the next page of orders so often.

let source = null;
let heardAt = 0;
let fetching = false;
let again = false;
let retries = 0;
let retryTimer = 0;
let pressed = false;

function show(state) {
  if (!pill) return;
  pill.dataset.state = state;
  pill.textContent = pill.dataset[state];
  document.body.classList.toggle("stale", state === "lost");
}

// A wall screen turns its pages by itself; every other reader stays on the page they chose.
let page = 0;

function address() {
  const url = new URL(box.dataset.fragment, window.location.href);
  if (page) url.searchParams.set("page", page);
  return url;
}

function turn() {
  const more = box.querySelector("[data-next-page]");
  page = more ? Number(more.dataset.nextPage) : 1;
  refresh();
}

// Nothing is replaced under a finger or under an open choice: a click would be lost. The page says that it waits.
function isHeld() {
  const focused = document.activeElement;
  return pressed || (focused.closest("[data-part]") && /^(INPUT|SELECT|TEXTAREA)$/.test(focused.tagName));
}

function release() {
  pressed = false;
  if (again) setTimeout(refresh, CLICK_MS);
}

// The parts of the fragment take the place of their namesakes; what a person chose in a form that is still there stays.
function replaceParts(fresh) {
  const chosen = new Map();
  for (const form of box.querySelectorAll("form[data-key]")) {
    for (const each of form.querySelectorAll("select")) chosen.set(form.dataset.key, each.value);
  }
  for (const part of box.querySelectorAll("[data-part]")) {
    const other = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (other) part.replaceChildren(...other.childNodes);
  }
  for (const form of box.querySelectorAll("form[data-key]")) {
    const value = chosen.get(form.dataset.key);
    if (value) for (const each of form.querySelectorAll("select")) each.value = value;
  }
}

// The mark in the bar: how many messages the reader has not seen.
function showUnseen(count) {
  const mark = document.querySelector("[data-unseen]");
  if (!mark) return;
  mark.hidden = !count;
  mark.textContent = count > 99 ? "99+" : String(count);
}

async function refresh() {
  if (fetching || isHeld()) {
    again = true;
    if (!fetching && !pressed && pill.dataset.state === "live") show("held");
    return;
  }
  let gap = REFRESH_GAP_MS;
  fetching = true;
  again = false;
  try {
    const signal = AbortSignal.timeout ? AbortSignal.timeout(FETCH_MS_MAX) : undefined;
    const answer = await fetch(address(), { cache: "no-store", credentials: "same-origin", redirect: "manual", signal });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      window.location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    setServerTime(Number(answer.headers.get("X-Server-Time")));
    showUnseen(Number(answer.headers.get("X-Unseen")));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (isHeld()) {
      again = true;
      return;
    }
    replaceParts(fresh);
    if (fresh.querySelector("[data-again]")) {
      again = true; // The server itself is behind and will say no more about this change.
      gap = REFRESH_RETRY_MS;
    }
    tick();
    if (source && source.readyState === EventSource.OPEN) show("live");
  } catch {
    show("lost");
    again = true;
    gap = REFRESH_RETRY_MS;
  } finally {
    fetching = false;
    if (again) setTimeout(refresh, gap);
  }
}

function heard() {
  heardAt = performance.now();
}

function connect() {
  clearTimeout(retryTimer);
  if (source) source.close();
  source = new EventSource(box.dataset.stream);
  heard();
  source.addEventListener("open", () => {
    heard();
    retries = 0;
    refresh();
  });
  source.addEventListener("change", () => {
    heard();
    refresh();
  });
  source.addEventListener("beat", heard);
  source.addEventListener("error", () => {
    show("lost");
    if (source.readyState === EventSource.CLOSED) later();
  });
}

function later() {
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, RETRY_MS[Math.min(retries++, RETRY_MS.length - 1)]);
}

function watch() {
  if (source && performance.now() - heardAt > QUIET_SECONDS_MAX * 1000) {
    show("lost");
    connect();
  }
}

// A browser opens at most six connections to one host, so a hidden tab gives its stream back.
function visibility() {
  if (document.hidden) {
    clearTimeout(retryTimer);
    if (source) source.close();
    source = null;
  } else if (!source) {
    show("wait");
    connect();
  }
}

if (box) {
  box.addEventListener("pointerdown", () => (pressed = true));
  for (const name of ["pointerup", "pointercancel"]) window.addEventListener(name, release);
  box.addEventListener("focusout", () => again && setTimeout(refresh, CLICK_MS));
  setInterval(refresh, IDLE_REFRESH_MS);
  document.addEventListener("visibilitychange", visibility);
  setInterval(watch, 1000);
  if ("turn" in box.dataset) setInterval(turn, TURN_MS);
  visibility();
}
