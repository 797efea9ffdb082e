// Keeps a page live: one stream of server-sent events says "something changed", and the page fetches its own fragment.
// The server renders and escapes the fragment; this script never builds markup from text.
import { tick, setServerTime } from "./clock.js";

const box = document.querySelector("[data-fragment]");
const pill = document.querySelector(".live");
const QUIET_SECONDS_MAX = 25; // Three heartbeats of the server; then the stream is dead whatever the browser thinks.
const REFRESH_GAP_MS = 250; // At most four fetches a second, however fast the records come.
const REFRESH_RETRY_MS = 2000;
const RETRY_MS = [1000, 2000, 4000, 8000];

const TURN_MS = 15_000; // A wall screen shows the next page of orders so often.

let source = null;
let heardAt = 0;
let fetching = false;
let again = false;
let retries = 0;
let retryTimer = 0;

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

function busyTyping() {
  const focused = document.activeElement;
  return box.contains(focused) && /^(INPUT|SELECT|TEXTAREA)$/.test(focused.tagName);
}

async function refresh() {
  if (fetching || busyTyping()) {
    again = true;
    return;
  }
  let gap = REFRESH_GAP_MS;
  fetching = true;
  again = false;
  try {
    const answer = await fetch(address(), { cache: "no-store", credentials: "same-origin", redirect: "manual" });
    if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
      window.location.reload();
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    setServerTime(Number(answer.headers.get("X-Server-Time")));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    box.replaceChildren(...fresh.body.childNodes);
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
  box.addEventListener("focusout", () => again && setTimeout(refresh, 0));
  document.addEventListener("visibilitychange", visibility);
  setInterval(watch, 1000);
  if ("turn" in box.dataset) setInterval(turn, TURN_MS);
  visibility();
}
