// The service worker of the office. The server puts VERSION and FILES in front of this text; another version is another
// text, and the browser installs it at its next visit. Three stores:
//   lineside-shell-VERSION  the page and its files, the same for everybody; older ones go when this one takes over
//   lineside-own            the newest state of the calls, of who is signed in; gone with the sign-out
//   (the acts that wait are in IndexedDB and belong to the page: central/phone/files/queue.js)
const SHELL = `lineside-shell-${VERSION}`;
const OWN = "lineside-own";
const STATE = "/phone/state";
const NETWORK_MS_MAX = 6000; // Wi-Fi that is there and carries nothing: what is kept is shown after so long.
const NOTICE_CHARACTERS_MAX = 300;
const MATCHING = { ignoreVary: true }; // A page of the shell differs by its address alone.

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const answer = answerTo(event.request);
  if (answer) event.respondWith(answer);
});

// Whole or not at all: one file that does not come leaves the version before in force.
async function install() {
  const cache = await caches.open(SHELL);
  await cache.addAll(FILES.map((path) => new Request(path, { cache: "reload", credentials: "omit" })));
  await self.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) {
    if (name.startsWith("lineside-shell-") && name !== SHELL) await caches.delete(name);
  }
  await self.clients.claim();
}

// Null: the browser asks the network as if there were no worker.
function answerTo(request) {
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return null;
  if (url.pathname.startsWith("/phone/files/")) return kept(request);
  if (request.method === "GET" && url.pathname === STATE) return state(request);
  if (request.mode !== "navigate") return null;
  return request.method === "GET" ? page(request, url) : changing(request, url);
}

async function kept(request) {
  return (await (await caches.open(SHELL)).match(request.url, MATCHING)) || fetch(request);
}

// The request goes on as it is: one with a signal added would no longer say to the server that it opens a page.
function timed(request) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), NETWORK_MS_MAX));
  return Promise.race([fetch(request), late]);
}

// The network first. What it said last is kept with the moment it came, so that the page can say how old it is.
async function state(request) {
  const asked = signOuts;
  try {
    const answer = await timed(request);
    if (answer.ok) {
      const headers = new Headers(answer.headers);
      headers.set("X-Kept-At", String(Date.now()));
      const copy = new Response(await answer.clone().arrayBuffer(), { headers });
      // An answer that was on its way during a sign-out is of who has gone.
      if (asked === signOuts) await (await caches.open(OWN)).put(STATE, copy);
    }
    if (answer.status === 401) await forgetOwn();
    return answer;
  } catch (fault) {
    const last = await lastState();
    if (last) return last;
    throw fault;
  }
}

let signOuts = 0;

function forgetOwn() {
  signOuts += 1;
  return caches.delete(OWN);
}

function lastState() {
  return caches.match(STATE, { cacheName: OWN, ...MATCHING });
}

// Whoever is shown the sign-in page is signed out, by their own hand or by time: what was theirs goes.
async function page(request, url) {
  try {
    const answer = await (url.pathname.startsWith("/phone") ? timed(request) : fetch(request));
    if (url.pathname === "/sign-in" && answer.status === 200) await forgetOwn();
    return answer;
  } catch {
    return shellPage(url.pathname === "/phone" ? "shell" : "offline");
  }
}

// A form sent by the browser itself. Without the server nothing of it is done; a sign-out forgets what is kept here.
async function changing(request, url) {
  if (url.pathname === "/sign-out") await forgetOwn();
  try {
    return await fetch(request);
  } catch {
    return shellPage("offline");
  }
}

async function shellPage(name) {
  const cache = await caches.open(SHELL);
  return (await cache.match(`/phone/${name}?language=${await language()}`, MATCHING)) || Response.error();
}

// What the reader chose, as the last state said it; else what the phone speaks.
async function language() {
  const last = await lastState();
  if (last) return (await last.json()).language === "en" ? "en" : "zh";
  return self.navigator.language.startsWith("en") ? "en" : "zh";
}

// Messages that the server pushes: {title, text, link, tag}. A push always shows something, or the browser does.
self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    // Not ours, or cut short: the product's name alone.
  }
  const words = (value, otherwise) => (typeof value === "string" ? value.slice(0, NOTICE_CHARACTERS_MAX) : otherwise);
  const icon = FILES.find((path) => path.endsWith("/icon-192.png"));
  const shown = { body: words(told.text, ""), tag: words(told.tag, ""), icon, badge: icon, data: { link: told.link } };
  event.waitUntil(self.registration.showNotification(words(told.title, "") || "线边 Lineside", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data && event.notification.data.link));
});

// Only pages of our own host: a message leads nowhere else.
function ownAddress(link) {
  try {
    const url = new URL(String(link || "/phone"), self.location.origin);
    return url.origin === self.location.origin ? url.href : `${self.location.origin}/phone`;
  } catch {
    return `${self.location.origin}/phone`;
  }
}

async function show(link) {
  const address = ownAddress(link);
  for (const each of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
    if (each.url === address) return each.focus();
  }
  return self.clients.openWindow(address);
}
