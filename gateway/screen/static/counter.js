// The panel for a machine's counter: tapped digits stay here until they are confirmed, scanned ones come from the station.

import { byId, put } from "./nodes.js";
import { pick } from "./words.js";

const DIGITS_MAX = 9;

export class CounterPanel {
  constructor(state, post) {
    this.state = state;
    this.post = post;
    this.text = "";
    this.told = "";
  }

  get open() {
    return !byId("counter").hidden;
  }

  follow() {
    const prompt = this.state.view.prompt;
    const asked = prompt.kind === "counter";
    byId("counter").hidden = !asked;
    const told = asked ? JSON.stringify([prompt.operation, prompt.entered, prompt.text]) : "";
    if (told !== this.told) this.text = asked ? prompt.entered : "";
    this.told = told;
    if (asked) this.paint();
  }

  key(key) {
    if (key === "Enter") this.confirm();
    else if (key === "Backspace") this.digit("back");
    else if (/^[0-9]$/.test(key)) this.digit(key);
    else return false;
    return true;
  }

  digit(key) {
    if (key === "clear") this.text = "";
    else if (key === "back") this.text = this.text.slice(0, -1);
    else if (this.text.length < DIGITS_MAX) this.text += key;
    this.paint();
  }

  confirm() {
    if (this.text) this.post("read_back", { text: this.text });
  }

  cancel() {
    this.post("command", { command: "cancel", value: "" });
  }

  paint() {
    put("counter-question", pick(this.state.view.prompt.text));
    put("counter-value", this.text || "–");
    byId("counter-confirm").disabled = !this.text;
  }
}
