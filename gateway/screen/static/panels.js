// The two panels over the right half: entering a quantity, and an open call.

import { byId, icon, keyed, make, put } from "./nodes.js";
import { callState, chosenWork } from "./panes.js";
import { duration, pick, say } from "./words.js";

const PIECES_MAX = 1000000;
const HOLD_MS = 1200;
const TWICE_MS = 3000;

export class QuantityPanel {
  constructor(state, post) {
    this.state = state;
    this.post = post;
    this.prompted = "";
    this.reset();
  }

  get open() {
    return !byId("quantity").hidden;
  }

  reset() {
    this.good = "";
    this.scrap = "";
    this.reason = "";
    this.field = "good";
    this.note = "";
  }

  show() {
    const operation = this.bound() || this.work()?.operation;
    if (!operation) return;
    this.reset();
    this.operation = operation;
    byId("quantity").hidden = false;
    this.paint();
  }

  hide() {
    byId("quantity").hidden = true;
  }

  // The operation the station asks about, where it asks about one: no other may be reported then.
  bound() {
    const prompt = this.state.view?.prompt;
    return prompt?.kind === "quantity" ? prompt.operation : "";
  }

  work() {
    const bound = this.bound();
    const current = this.state.view?.people.at(-1);
    const named = this.state.view?.work.find((each) => each.operation === bound && each.person === current?.person);
    return bound ? named || null : chosenWork(this.state);
  }

  // The station asks for a quantity, or cards have been scanned into it: the panel shows what the station holds.
  follow() {
    const prompt = this.state.view.prompt;
    const told = prompt.kind === "quantity" ? JSON.stringify([prompt.good, prompt.scrap, prompt.scrap_reason]) : "";
    if (told !== this.prompted) {
      if (told && !this.open) this.show();
      if (told) this.take(prompt);
      if (!told) this.hide();
      this.prompted = told;
    }
    if (this.open && (this.bound() || this.work()?.operation) !== this.operation) this.hide();
    if (this.open) this.paint();
  }

  take(prompt) {
    if (prompt.good !== null) this.good = String(prompt.good);
    if (prompt.scrap !== null) this.scrap = String(prompt.scrap);
    if (prompt.scrap_reason) this.reason = prompt.scrap_reason;
  }

  key(key) {
    if (key === "Enter") this.confirm();
    else if (key === "Backspace") this.digit("back");
    else if (key === "ArrowUp" || key === "ArrowLeft") this.choose("good");
    else if (key === "ArrowDown" || key === "ArrowRight") this.choose("scrap");
    else if (/^[0-9]$/.test(key)) this.digit(key);
    else return false;
    return true;
  }

  choose(field) {
    this.field = field;
    this.paint();
  }

  digit(key) {
    const before = this[this.field];
    if (key === "clear") this[this.field] = "";
    else if (key === "back") this[this.field] = before.slice(0, -1);
    else if (Number(before + key) <= PIECES_MAX) this[this.field] = String(Number(before + key));
    this.note = "";
    this.paint();
  }

  rest() {
    const work = this.work();
    return work && work.planned ? Math.max(0, work.planned - work.good - Number(this.scrap)) : 0;
  }

  fill() {
    this.good = String(this.rest());
    this.paint();
  }

  because(reason) {
    this.reason = this.reason === reason ? "" : reason;
    this.note = "";
    this.paint();
  }

  confirm() {
    const scrap = Number(this.scrap);
    if (this.good === "" && this.scrap === "") this.note = "quantity_empty";
    else if (scrap > 0 && !this.reason && this.state.view.scrap_reasons.length) this.note = "reason_needed";
    else {
      const body = { operation: this.operation, good: Number(this.good), scrap, scrap_reason: scrap ? this.reason : "" };
      this.post("report", body);
      return this.hide();
    }
    this.paint();
  }

  cancel() {
    if (this.prompted) this.post("command", { command: "cancel", value: "" });
    this.hide();
  }

  paint() {
    const work = this.work();
    put("quantity-operation", work ? work.operation_name || work.operation : this.operation);
    for (const field of ["good", "scrap"]) {
      put(`value-${field}`, this[field] === "" ? "–" : this[field]);
      byId(`field-${field}`).classList.toggle("active", this.field === field);
    }
    byId("fill-rest").disabled = !this.rest();
    put("rest", this.rest() ? String(this.rest()) : "–");
    byId("reasons").classList.toggle("wanted", Number(this.scrap) > 0);
    keyed(byId("reason-buttons"), this.state.view.scrap_reasons, (each) => each.id, () => make("button"), (node, each) => {
      node.dataset.do = "reason";
      node.dataset.value = each.id;
      node.textContent = pick(each);
      node.classList.toggle("active", this.reason === each.id);
      node.disabled = !Number(this.scrap);
    });
    put("quantity-note", this.note ? say(this.note) : "");
  }
}

export class CallPanel {
  constructor(state, post) {
    this.state = state;
    this.post = post;
    this.call = "";
    this.hold();
  }

  get open() {
    return !byId("call").hidden;
  }

  show(call) {
    this.call = call;
    this.assigning = false;
    byId("badge").value = "";
    byId("call").hidden = false;
    this.paint();
  }

  hide() {
    byId("call").hidden = true;
  }

  found() {
    return this.state.view?.calls.find((each) => each.call === this.call);
  }

  follow() {
    if (this.open) this.paint();
  }

  paint() {
    const call = this.found();
    if (!call) return this.hide();
    byId("call").dataset.state = call.state;
    put("call-title", pick(call));
    put("call-time", duration(this.state.now() - call.raised_wall));
    put("call-state", callState(call));
    byId("call").dataset.impact = call.impact;
    put("call-about", call.stopped ? say("call_stopped") : call.impact === "fixed" ? say("call_fixed") : "");
    byId("call-stop").hidden = call.impact !== "fixed";
    put("call-by", call.person_name ? say("call_by", { name: call.person_name }) : "");
    byId("badge-form").hidden = call.state !== "raised";
    byId("causes").hidden = this.assigning;
    byId("owners").hidden = !this.assigning;
    byId("call-assign-word").dataset.text = this.assigning ? "back" : "assign";
    put("call-assign-word", say(this.assigning ? "back" : "assign"));
    this.paintCases(call);
    this.paintOwners(call);
    byId("cause-none").hidden = call.causes.length > 0;
    keyed(byId("cause-buttons"), call.causes, (each) => each.id, () => make("button"), (node, each) => {
      node.dataset.do = "resolve";
      node.dataset.value = each.id;
      node.replaceChildren(icon("flag"), make("span", "", pick(each)));
    });
  }

  // What caused it before and what helped: from the card, whoever is away.
  paintCases(call) {
    byId("cases").hidden = this.assigning || !call.cases.length;
    keyed(byId("case-list"), call.cases, (each) => `${each.closed} ${each.fix}`, () => make("li"), (node, each) => {
      const about = [each.item, each.station, each.closed].filter(Boolean).join(" · ");
      node.replaceChildren(make("b", "", pick({ zh: each.cause, en: each.cause_en })), make("small", "", about), make("p", "", each.fix));
    });
  }

  paintOwners(call) {
    const owners = call.owners.filter((each) => each !== call.owner || call.state !== "raised");
    byId("owner-none").hidden = owners.length > 0;
    keyed(byId("owner-buttons"), owners, (each) => each, () => make("button"), (node, each) => {
      node.dataset.do = "assign";
      node.dataset.value = each;
      node.textContent = each;
    });
  }

  stop() {
    this.post("command", { command: "stop", value: this.call });
    this.hide();
  }

  choose() {
    this.assigning = !this.assigning;
    this.paint();
  }

  assign(owner) {
    this.post("assign", { call: this.call, owner });
    this.hide();
  }

  acknowledge(badge) {
    this.post("acknowledge", { call: this.call, badge: badge.trim() });
    byId("badge").value = "";
  }

  resolve(cause) {
    this.post("resolve", { call: this.call, cause });
    this.hide();
  }

  cancel() {
    const call = this.found();
    if (call) this.post("call", { call_type: call.call_type, long: true });
    this.hide();
  }

  // Taking a call back needs a held finger, or two presses of a keyboard.
  hold() {
    const button = byId("call-cancel");
    const word = byId("call-cancel-word");
    const rest = () => {
      clearTimeout(this.timer);
      button.classList.remove("holding");
      word.dataset.text = "call_cancel";
      word.textContent = say("call_cancel");
    };
    button.addEventListener("pointerdown", () => {
      button.classList.add("holding");
      word.dataset.text = "hold_on";
      word.textContent = say("hold_on");
      clearTimeout(this.timer);
      this.timer = setTimeout(() => (rest(), this.cancel()), HOLD_MS);
    });
    for (const kind of ["pointerup", "pointerleave", "pointercancel"]) button.addEventListener(kind, rest);
    button.addEventListener("contextmenu", (event) => event.preventDefault());
    button.addEventListener("click", (event) => {
      if (event.detail) return; // A pointer's click; a keyboard's has no detail.
      if (performance.now() - (this.pressedAt || -TWICE_MS) < TWICE_MS) this.cancel();
      this.pressedAt = performance.now();
    });
  }
}
