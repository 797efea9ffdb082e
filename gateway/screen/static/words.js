// The page's words: labels by key in two languages, and how times and counts are written.

const labels = JSON.parse(document.body.dataset.labels);
const STORE = "lineside.language";
const LANGUAGES = ["zh", "en"];

function remembered() {
  try {
    return localStorage.getItem(STORE);
  } catch {
    return null; // Storage may be switched off; then the configured language holds.
  }
}

let own = LANGUAGES.includes(remembered()) ? remembered() : document.body.dataset.language;
let person = { key: "", language: "" };
let language = own;

// While a person who has a language is the current one, the page speaks it; true if it speaks another one now.
export function speakTo(current) {
  const key = current?.language ? `${current.person} ${current.language}` : "";
  if (key === person.key) return false;
  person = { key, language: current?.language || "" };
  return speak(person.language || own);
}

// A switch holds for the page, or until the next person where the current one has a language of their own.
export function switchLanguage() {
  const other = language === "zh" ? "en" : "zh";
  if (!person.key) {
    own = other;
    try {
      localStorage.setItem(STORE, own);
    } catch {
      // Not remembered, and still switched.
    }
  }
  speak(other);
}

function speak(wanted) {
  if (wanted === language) return false;
  language = wanted;
  paintLabels();
  return true;
}

export function say(key, values = {}) {
  const found = labels[key];
  const text = found ? found[language] || found.zh : key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const known = (key) => key in labels;

// Takes {zh, en}, as the gateway sends names and messages.
export const pick = (both) => (both ? both[language] || both.zh || "" : "");

export function paintLabels() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = say(document.body.dataset.title || "title");
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = say(node.dataset.text);
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = say(node.dataset.hint);
  for (const node of document.querySelectorAll("[data-label]")) node.setAttribute("aria-label", say(node.dataset.label));
}

const two = (number) => String(number).padStart(2, "0");

// 75 -> "1:15", 3675 -> "1:01:15".
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

export function ago(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return say("ago_seconds", { count: whole });
  return whole < 3600 ? say("ago_minutes", { count: Math.floor(whole / 60) }) : say("ago_hours", { count: Math.floor(whole / 3600) });
}

// The hour of the day on this browser's clock face; with the day when it was not today.
export function hour(wall, now = wall) {
  const then = new Date(wall * 1000);
  const time = `${then.getHours()}:${two(then.getMinutes())}`;
  const sameDay = then.toDateString() === new Date(now * 1000).toDateString();
  return sameDay ? time : `${then.getMonth() + 1}-${two(then.getDate())} ${time}`;
}

export const count = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, " ");
