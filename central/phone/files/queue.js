// Acts that wait for the server, in IndexedDB: they outlast the page and the browser. Each belongs to the account that made
// it, has a key by which the server does it once, and is sent in its order.
//
// An act: {id, account, key, kind, gateway, call, title, about, shown, photo, made, state, refusal, who}. `state` is waiting,
// refused or done; `made` is this phone's clock, of which only differences are used.
const DATABASE = "lineside-phone";
const STORE = "acts";
const DONE_SHOWN_MAX = 10;
const SEND_MS_MAX = 60_000; // A photo over bad Wi-Fi.

let database = null;

export class QueueFull extends Error {}

function opened() {
  database ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return database;
}

// One transaction; resolved when it is on the disk. `work` gets the store and a function that takes the result.
async function run(mode, work) {
  const found = await opened();
  return new Promise((resolve, reject) => {
    const transaction = found.transaction(STORE, mode, { durability: "strict" });
    let result;
    let refusal = null;
    transaction.oncomplete = () => resolve(result);
    transaction.onabort = () => reject(refusal || transaction.error);
    work(
      transaction.objectStore(STORE),
      (value) => (result = value),
      (fault) => {
        refusal = fault;
        transaction.abort();
      },
    );
  });
}

function every(store, take) {
  const asked = store.getAll();
  asked.onsuccess = () => take(asked.result);
}

// Everything kept on this phone, oldest first, whoever made it.
export function acts() {
  return run("readonly", (store, give) => every(store, give));
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

// Keeps an act. Rejects with QueueFull where `actsMax` wait or were refused already: nothing is dropped for a new one.
export function keep(act, actsMax) {
  return run("readwrite", (store, give, refuse) =>
    every(store, (all) => {
      const open = all.filter((each) => each.state !== "done");
      if (open.length >= actsMax) return refuse(new QueueFull());
      const done = all.filter((each) => each.state === "done");
      for (const old of done.slice(0, Math.max(0, done.length - DONE_SHOWN_MAX))) store.delete(old.id);
      const whole = { ...act, key: newKey(), made: Date.now(), state: "waiting", refusal: "", who: "" };
      store.add(whole).onsuccess = (event) => give(event.target.result);
    }),
  );
}

// The person has seen what came of it, or takes back what still waits.
export function forget(id) {
  return run("readwrite", (store) => store.delete(id));
}

function settle(act, told) {
  return run("readwrite", (store) => store.put({ ...act, ...told, photo: null }));
}

async function post(act, token) {
  const form = new FormData();
  form.set("form_token", token);
  for (const name of ["key", "kind", "gateway", "call", "about"]) form.set(name, act[name]);
  form.set("age", String(Math.max(0, Math.round((Date.now() - act.made) / 1000))));
  if (act.photo) form.set("photo", new Blob([act.photo], { type: "image/jpeg" }), "photo.jpg");
  const signal = AbortSignal.timeout ? AbortSignal.timeout(SEND_MS_MAX) : undefined;
  return fetch("/phone/act", { method: "POST", body: form, credentials: "same-origin", redirect: "manual", signal });
}

const REFUSED_BY_STATUS = { 403: "role", 413: "photo", 415: "photo", 422: "form" };

// Sends one act. Gives "settled"; "token" for a page that is older than the session; or why it has to wait.
async function send(act, token) {
  let answer;
  try {
    answer = await post(act, token);
  } catch {
    return "unreachable";
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return "signed_out";
  if (answer.status === 400) return "token";
  if (answer.status === 507) return "room";
  const refusal = REFUSED_BY_STATUS[answer.status];
  if (refusal) {
    await settle(act, { state: "refused", refusal });
    return "settled";
  }
  if (!answer.ok) return "busy";
  const told = await answer.json();
  await settle(act, { state: told.refusal ? "refused" : "done", refusal: told.refusal, who: told.who });
  return "settled";
}

// Sends what waits of this account, oldest first, until one has to wait. `session()` asks the server who is signed in:
// {account, form_token}, or null. Gives why something still waits, empty where nothing does.
export async function flush(session) {
  const work = () => flushed(session);
  // Two open pages do not send side by side; where the browser has no locks the server's keys do as well.
  if (!navigator.locks) return work();
  return navigator.locks.request("lineside-acts", { ifAvailable: true }, (lock) => (lock ? work() : "unreachable"));
}

async function flushed(session) {
  let who = await session();
  if (!who) return "unreachable";
  for (const act of await acts()) {
    if (act.state !== "waiting" || act.account !== who.account) continue;
    let came = await send(act, who.form_token);
    if (came === "token") {
      who = await session();
      if (!who || who.account !== act.account) return "signed_out";
      came = await send(act, who.form_token);
      if (came === "token") {
        await settle(act, { state: "refused", refusal: "form" });
        came = "settled";
      }
    }
    if (came !== "settled") return came;
  }
  return "";
}
