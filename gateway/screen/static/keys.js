// Keys anywhere on the page become labels: a scanner that types (a keyboard wedge) needs no focus and no mouse.
//
// A label is collected until Enter. Control characters stay in it, so that the gateway refuses a label that holds
// one instead of taking a different label. No key, chord or function key reaches the browser's own short cuts.
// While the quantity panel is open, single slow digits are a person's and go there; a fast run is a scanner's.

const LABEL_CHARS_MAX = 512;
const FAST_GAP_MS = 60; // Scanners send a key every 1 to 25 ms, people at most one in 80 ms.
const HUMAN_GAP_MS = 30;
const SETTLE_MS = 80;
const LOST_END_MS = 1000; // A fast run without Enter is half a label.
const SLOW_END_MS = 10000;
const AFTER_LABEL_MS = 300; // A second Enter behind a label (CR LF) presses no button.
const FIELD_DIGITS_MAX = 7;

const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock", "NumLock", "ScrollLock", "Fn"];
const MOVES = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown", "Delete", "Insert"];

const isField = (node) => node instanceof HTMLInputElement;
const isControl = (text) => /^[\u0000-\u001f\u007f]*$/.test(text);
const isDigits = (text) => /^[0-9]+$/.test(text);

export class KeyCollector {
  // wants: {label(text), trouble(key), echo(text), fieldKey(key) -> taken, fieldsOpen(), escape()}
  constructor(wants) {
    this.wants = wants;
    this.finishedAt = -Infinity;
    this.clear();
    document.addEventListener("keydown", (event) => this.down(event), true);
    document.addEventListener("keyup", (event) => this.up(event), true);
  }

  clear() {
    clearTimeout(this.timer);
    clearTimeout(this.settleTimer);
    this.text = "";
    this.startedAt = 0;
    this.lastAt = 0;
    this.altDigits = "";
  }

  down(event) {
    if (event.isComposing || event.key === "Process" || event.key === "Unidentified") return;
    const altGraph = event.getModifierState("AltGraph") || (event.ctrlKey && event.altKey);
    if (MODIFIERS.includes(event.key)) {
      if (event.key === "Alt" || event.key === "Meta") event.preventDefault();
    } else if (!altGraph && (event.ctrlKey || event.altKey || event.metaKey)) {
      event.preventDefault();
      this.chord(event);
    } else if (isField(event.target)) {
      this.inField(event);
    } else {
      this.plain(event);
    }
  }

  up(event) {
    if (event.key !== "Alt" || !this.altDigits) return;
    const code = Number(this.altDigits);
    this.altDigits = "";
    this.put(code < 128 ? String.fromCharCode(code) : "\u0000", event);
  }

  // A scanner types a control character as Ctrl with its letter (GS is Ctrl+]) or as Alt with its number.
  chord(event) {
    if (event.repeat) return;
    if (event.altKey && !event.ctrlKey && isDigits(event.key)) {
      this.altDigits = (this.altDigits + event.key).slice(-4);
      return;
    }
    const code = event.key.length === 1 ? event.key.toUpperCase().charCodeAt(0) : 0;
    const character = event.ctrlKey && code >= 64 && code < 96 ? String.fromCharCode(code & 31) : "\u0000";
    if (character === "\r" || character === "\n") this.enter(event);
    else this.put(character, event);
  }

  // In an input the browser edits; only what would leave the page or act elsewhere is held back.
  inField(event) {
    if (/^F\d+$/.test(event.key)) event.preventDefault();
    if (event.key === "Escape") {
      event.target.value = "";
      event.target.blur();
      this.wants.escape();
    }
  }

  plain(event) {
    const key = event.key;
    if (key === "Enter") this.enter(event);
    else if (key === "Tab") this.tab(event);
    else if (key === "Backspace") this.backspace(event);
    else if (MOVES.includes(key)) this.move(event);
    else {
      event.preventDefault();
      if (event.repeat) return;
      if (key === "Escape") this.wants.escape();
      const printable = [...key].length === 1;
      this.put(printable ? key : key === "Escape" ? "\u001b" : "\u0000", event);
    }
  }

  put(character, event) {
    if (isField(event.target)) {
      event.target.setRangeText(character, event.target.selectionStart, event.target.selectionEnd, "end");
      return;
    }
    if (this.text && event.timeStamp - this.lastAt > LOST_END_MS && this.fast()) this.lose();
    if (!this.text) this.startedAt = event.timeStamp;
    this.lastAt = event.timeStamp;
    if (this.text.length <= LABEL_CHARS_MAX) this.text += character;
    if (document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
    this.wants.echo(this.text);
    this.arm();
  }

  arm() {
    clearTimeout(this.timer);
    clearTimeout(this.settleTimer);
    this.timer = setTimeout(() => this.expire(), this.fast() || isControl(this.text) ? LOST_END_MS : SLOW_END_MS);
    if (this.wants.fieldsOpen()) this.settleTimer = setTimeout(() => this.settle(), SETTLE_MS);
  }

  gap() {
    return this.text.length < 2 ? Infinity : (this.lastAt - this.startedAt) / (this.text.length - 1);
  }

  fast() {
    return this.gap() < FAST_GAP_MS;
  }

  human() {
    const byHand = this.text.length <= 2 || this.gap() > HUMAN_GAP_MS;
    return byHand && isDigits(this.text) && this.text.length <= FIELD_DIGITS_MAX;
  }

  settle() {
    if (this.wants.fieldsOpen() && this.human()) this.giveFields();
  }

  giveFields() {
    const digits = this.text;
    this.clear();
    this.wants.echo("");
    for (const digit of digits) this.wants.fieldKey(digit);
  }

  expire() {
    if (this.wants.fieldsOpen() && this.human()) this.giveFields();
    else if (isControl(this.text) || !this.fast()) this.drop();
    else this.lose();
  }

  drop() {
    this.clear();
    this.wants.echo("");
  }

  lose() {
    this.drop();
    this.wants.trouble("incomplete");
  }

  enter(event) {
    const afterLabel = event.timeStamp - this.finishedAt < AFTER_LABEL_MS;
    if (isField(event.target)) {
      if (event.key !== "Enter") event.target.form?.requestSubmit();
      return;
    }
    if (this.text && this.wants.fieldsOpen() && this.human()) this.giveFields();
    if (this.text) {
      event.preventDefault();
      this.finish(event);
    } else if (afterLabel || event.repeat) {
      event.preventDefault();
    } else if (!(document.activeElement instanceof HTMLButtonElement || document.activeElement instanceof HTMLAnchorElement)) {
      event.preventDefault();
      if (this.wants.fieldsOpen()) this.wants.fieldKey("Enter");
    }
  }

  finish(event) {
    const text = this.text;
    this.finishedAt = event.timeStamp;
    this.drop();
    if (!text.trim() || isControl(text)) return;
    if (text.length > LABEL_CHARS_MAX) this.wants.trouble("too_long");
    else this.wants.label(text);
  }

  tab(event) {
    if (!this.text && event.timeStamp - this.finishedAt > AFTER_LABEL_MS) return; // A person moves the focus.
    event.preventDefault();
    if (this.text) this.put("\t", event);
  }

  backspace(event) {
    event.preventDefault();
    if (!this.text && this.wants.fieldsOpen()) this.wants.fieldKey("Backspace");
    else if (this.text && event.timeStamp - this.lastAt < FAST_GAP_MS) this.put("\b", event);
    else if (this.text) {
      this.text = this.text.slice(0, -1);
      this.wants.echo(this.text);
    }
  }

  move(event) {
    if (this.text) {
      event.preventDefault();
      this.put("\u0000", event);
    } else if (this.wants.fieldsOpen() && this.wants.fieldKey(event.key)) event.preventDefault();
  }
}

// Control characters as visible pictures, so that what is collected can be read.
export const visible = (text) =>
  text.replace(/[\u0000-\u001f]/g, (each) => String.fromCharCode(0x2400 + each.charCodeAt(0)));
