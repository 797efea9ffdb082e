// The two panels over the right half: entering a quantity, and an open call.

import { byId, icon, keyed, make, put } from "./nodes.js";
import { callState, chosenWork } from "./panes.js";
import { duration, pick, say } from "./words.js";

const PIECES_MAX = 1000000;
const HOLD_MS = 1200;
const TWICE_MS = 3000;
const FIELDS = ["good", "scrap", "rework"];

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
    this.rework = "";
    this.partial = false;
    this.because = { scrap: "", rework: "" };
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
    const told = prompt.kind === "quantity" ? JSON.stringify([prompt.good, prompt.scrap, prompt.scrap_reason, prompt.rework, prompt.rework_reason, prompt.partial]) : "";
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
    for (const field of FIELDS) if (prompt[field] !== null) this[field] = String(prompt[field]);
    this.partial = prompt.partial;
    if (prompt.scrap_reason) this.because.scrap = prompt.scrap_reason;
    if (prompt.rework_reason) this.because.rework = prompt.rework_reason;
  }

  key(key) {
    if (key === "Enter") this.confirm();
    else if (key === "Backspace") this.digit("back");
    else if (key === "ArrowUp" || key === "ArrowLeft") this.step(-1);
    else if (key === "ArrowDown" || key === "ArrowRight") this.step(1);
    else if (/^[0-9]$/.test(key)) this.digit(key);
    else return false;
    return true;
  }

  // The fields of this plant: rework only where there is a card for it.
  fields() {
    return this.state.view.rework_reasons.length || this.rework !== "" ? FIELDS : FIELDS.slice(0, 2);
  }

  step(by) {
    const fields = this.fields();
    this.choose(fields[Math.min(fields.length - 1, Math.max(0, fields.indexOf(this.field) + by))]);
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
    return work && work.planned ? Math.max(0, work.planned - work.good - Number(this.scrap) - Number(this.rework)) : 0;
  }

  fill() {
    this.good = String(this.rest());
    this.paint();
  }

  // What the reasons shown are for: the field being filled, else the one that has pieces.
  reasonsFor() {
    if (this.field !== "good") return this.field;
    return Number(this.rework) && !Number(this.scrap) ? "rework" : "scrap";
  }

  reason(reason) {
    const field = this.reasonsFor();
    this.because[field] = this.because[field] === reason ? "" : reason;
    this.note = "";
    this.paint();
  }

  missingReason() {
    const missing = (field) => Number(this[field]) > 0 && !this.because[field] && this.state.view[`${field}_reasons`].length;
    return ["scrap", "rework"].find(missing) || "";
  }

  confirm(partial = this.partial) {
    const missing = this.missingReason();
    if (FIELDS.every((field) => this[field] === "")) this.note = "quantity_empty";
    else if (missing) {
      this.field = missing;
      this.note = missing === "scrap" ? "reason_needed" : "rework_reason_needed";
    } else {
      const body = { operation: this.operation, good: Number(this.good), partial };
      for (const field of ["scrap", "rework"]) {
        body[field] = Number(this[field]);
        body[`${field}_reason`] = body[field] ? this.because[field] : "";
      }
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
    this.paintEnds();
    byId("quantity").dataset.fields = this.fields().length;
    byId("field-rework").hidden = this.fields().length < 3;
    for (const field of FIELDS) {
      put(`value-${field}`, this[field] === "" ? "–" : this[field]);
      byId(`field-${field}`).classList.toggle("active", this.field === field);
    }
    byId("fill-rest").disabled = !this.rest();
    put("rest", this.rest() ? String(this.rest()) : "–");
    const why = this.reasonsFor();
    byId("reasons").classList.toggle("wanted", Number(this[why]) > 0);
    byId("reasons").dataset.why = why;
    put("reasons-title", say(`${why}_reason`));
    keyed(byId("reason-buttons"), this.state.view[`${why}_reasons`], (each) => each.id, () => make("button"), (node, each) => {
      node.dataset.do = "reason";
      node.dataset.value = each.id;
      node.textContent = pick(each);
      node.classList.toggle("active", this.because[why] === each.id);
      node.disabled = !Number(this[why]);
    });
    put("quantity-note", this.note ? say(this.note) : "");
  }

  // A partial card was scanned: then that is what the large button does.
  paintEnds() {
    byId("quantity").dataset.partial = this.partial ? "yes" : "no";
    byId("quantity-partial").hidden = this.partial;
    const word = byId("quantity-confirm").querySelector("[data-text]");
    word.dataset.text = this.partial ? "report_partial" : "report_confirm";
    word.textContent = say(word.dataset.text);
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
