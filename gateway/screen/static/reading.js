// What has to be known before work starts: notices, a hand-over that waits, and the panel that key facts are said back in.

import { byId, icon, keyed, make, put } from "./nodes.js";
import { hour, known, pick, say } from "./words.js";

const FACT_CHARS_MAX = 32;

export class ReadingPanel {
  constructor(state, post) {
    this.state = state;
    this.post = post;
    this.text = "";
    this.told = "";
  }

  get open() {
    return !byId("reading").hidden;
  }

  asked() {
    const prompt = this.state.view?.prompt;
    return prompt?.kind === "read_back" ? prompt.reading : null;
  }

  // The station decides what is asked; what cards gave so far replaces what was tapped.
  follow() {
    const asked = this.asked();
    byId("reading").hidden = !asked;
    if (!asked) {
      this.told = "";
      return;
    }
    const told = JSON.stringify([asked.zh, asked.fact, asked.entered, this.state.view.last?.wall]);
    if (told !== this.told) this.text = asked.entered;
    this.told = told;
    this.paint(asked);
  }

  key(key) {
    if (key === "Enter") this.confirm();
    else if (key === "Backspace") this.digit("back");
    else if (/^[0-9A-Za-z]$/.test(key)) this.digit(key);
    else return false;
    return true;
  }

  digit(key) {
    if (key === "clear") this.text = "";
    else if (key === "back") this.text = this.text.slice(0, -1);
    else if (this.text.length < FACT_CHARS_MAX) this.text += key;
    this.paint(this.asked());
  }

  confirm() {
    const asked = this.asked();
    if (!asked) return;
    if (!asked.fact) this.post("command", { command: "confirm", value: "" });
    else if (this.text) this.post("read_back", { text: this.text });
  }

  cancel() {
    this.post("command", { command: "cancel", value: "" });
  }

  paint(asked) {
    if (!asked) return;
    const about = `about_${asked.about}`;
    put("reading-about", known(about) ? say(about) : "");
    put("reading-title", asked.about === "handover" ? "" : pick(asked));
    put("reading-text", asked.text);
    paintLines(byId("reading-lines"), asked.about === "handover" ? this.state.view.handover : null);
    const fact = `fact_${asked.fact}`;
    const signing = !asked.fact && asked.about === "handover";
    put("reading-question", asked.fact ? (known(fact) ? say(fact) : asked.fact) : say(signing ? "sign_badge" : "read_only"));
    byId("reading-keys").hidden = !asked.fact;
    const letters = asked.fact === "revision";
    byId("reading-letters").hidden = !letters;
    byId("reading").dataset.keys = letters ? "letters" : "digits";
    byId("reading-value").hidden = !asked.fact;
    put("reading-value", this.text || "–");
    byId("reading-confirm").hidden = signing;
    byId("reading-confirm").disabled = Boolean(asked.fact) && !this.text;
    put("reading-word", say(asked.fact ? "confirm" : "read_done"));
  }
}

function paintLines(box, offer) {
  box.hidden = !offer;
  if (!offer) return;
  const rows = [
    { key: "operations", word: "open_operations", names: offer.operations },
    { key: "calls", word: "open_calls", names: offer.calls.map(pick) },
    { key: "notices", word: "notices", names: offer.notices.map(pick) },
  ].filter((each) => each.names.length);
  if (!rows.length) return void box.replaceChildren(make("p", "quiet", say("nothing_open")));
  box.replaceChildren(...rows.map((each) => {
    const row = make("div");
    row.append(make("h3", "", say(each.word)), ...each.names.map((name) => make("p", "", name)));
    return row;
  }));
}

export function paintNotices(state) {
  const notices = state.view.notices;
  byId("notices").hidden = !notices.length;
  keyed(byId("notice-list"), notices, (each) => each.id, () => make("li"), (node, each) => {
    node.replaceChildren(make("b", "", pick(each)), ...(each.text ? [make("span", "", each.text)] : []));
    node.title = each.text;
  });
}

export function paintHandover(state) {
  const offer = state.view.handover;
  byId("handed").hidden = !offer;
  byId("do-hand-over").disabled = !state.view.people.length;
  put("hand-over-word", say(offer ? "take_over" : "hand_over"));
  if (!offer) return;
  byId("handed-text").replaceChildren(icon("repeat"), make("b", "", say("handed_over", { name: offer.person_name })), make("time", "", hour(offer.wall)));
}
