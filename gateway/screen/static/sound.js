// One tone per signal, made by the browser itself. [hertz, start seconds, length seconds, wave]

import { byId, setIcon } from "./nodes.js";
import { say } from "./words.js";

const TONES = {
  kept: [[1760, 0, 0.13, "sine"]],
  noted: [[1047, 0, 0.09, "sine"]],
  ask: [[784, 0, 0.1, "triangle"], [1175, 0.13, 0.14, "triangle"]],
  repeated: [[587, 0, 0.08, "triangle"], [587, 0.13, 0.08, "triangle"], [587, 0.26, 0.08, "triangle"]],
  refused: [[220, 0, 0.22, "square"], [196, 0.28, 0.34, "square"]],
  called: [[880, 0, 0.14, "square"], [1109, 0.16, 0.14, "square"], [1319, 0.32, 0.2, "square"]],
  stopping: [[880, 0, 0.14, "triangle"], [740, 0.18, 0.14, "triangle"], [880, 0.36, 0.2, "triangle"]],
  stopped: [0, 1, 2].map((turn) => [523, turn * 0.45, 0.32, "square"]),
  escalated: [0, 1, 2, 3].map((turn) => [turn % 2 ? 1319 : 988, turn * 0.2, 0.16, "square"]),
  acknowledged: [[1319, 0, 0.12, "sine"], [1760, 0.14, 0.2, "sine"]],
  resolved: [[1319, 0, 0.12, "sine"], [988, 0.14, 0.12, "sine"], [784, 0.28, 0.22, "sine"]],
  unkept: [0, 1, 2, 3, 4, 5].map((turn) => [turn % 2 ? 440 : 660, turn * 0.3, 0.28, "sawtooth"]),
  offline: [[523, 0, 0.12, "sine"], [392, 0.15, 0.18, "sine"]],
  online: [[392, 0, 0.12, "sine"], [523, 0.15, 0.18, "sine"]],
};
const LOUDNESS = { unkept: 0.9, refused: 0.5, called: 0.4, stopping: 0.4, stopped: 0.6, escalated: 0.6, offline: 0.2, online: 0.2 };

const STORE = "lineside.muted";
const ALWAYS = "unkept"; // What is scanned now is lost: no switch silences that.

let context = null;
let muted = remembered();

function remembered() {
  try {
    return localStorage.getItem(STORE) === "yes";
  } catch {
    return false; // Storage may be switched off; then a page begins with its sound on.
  }
}

// For this browser alone: the gateway's own buzzer and lamp go on.
export function switchMute() {
  muted = !muted;
  try {
    localStorage.setItem(STORE, muted ? "yes" : "no");
  } catch {
    // Not remembered, and still switched.
  }
  paintMute();
}

export function paintMute() {
  const button = byId("mute");
  button.setAttribute("aria-pressed", String(muted));
  setIcon("mute-icon", muted ? "sound-off" : "sound");
  button.lastElementChild.textContent = say(muted ? "muted" : "sound_on");
}

function wake() {
  try {
    context ??= new AudioContext();
    return context.state === "running" ? Promise.resolve() : context.resume();
  } catch {
    return Promise.resolve(); // No sound device at all: light and screen still tell.
  }
}

// `changed(blocked)` is told whether the browser waits for a tap before it lets the page sound.
export function prepareSound(changed) {
  const look = () => changed(context !== null && context.state === "suspended");
  wake();
  if (context) context.onstatechange = look;
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => void wake().then(look, look), true);
  setTimeout(look, 300);
}

// `tried`: somebody tries the signals out, and hears them whatever the switch says.
export function sound(signal, tried = false) {
  const tones = TONES[signal];
  if (!tones || (muted && !tried && signal !== ALWAYS) || !context || context.state !== "running") return;
  for (const [hertz, start, length, wave] of tones) tone(hertz, context.currentTime + 0.01 + start, length, wave, LOUDNESS[signal] || 0.35);
  document.documentElement.dataset.sounded = signal;
}

function tone(hertz, at, length, wave, loudness) {
  const source = context.createOscillator();
  const volume = context.createGain();
  source.type = wave;
  source.frequency.value = hertz;
  volume.gain.setValueAtTime(0, at);
  volume.gain.linearRampToValueAtTime(loudness, at + 0.01);
  volume.gain.setValueAtTime(loudness, at + length - 0.02);
  volume.gain.linearRampToValueAtTime(0, at + length);
  source.connect(volume).connect(context.destination);
  source.start(at);
  source.stop(at + length + 0.01);
}
