// The panel for a note: what is typed is kept with who typed it, about the operation shown or the call it was opened at.

import { byId, keyed, make, put } from "./nodes.js";
import { chosenWork } from "./panes.js";
import { hour, pick, say } from "./words.js";

export class NotePanel {
  constructor(state, post) {
    this.state = state;
    this.post = post;
    this.call = "";
    byId("note-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  get open() {
    return !byId("note").hidden;
  }

  show(call = "") {
    this.call = call;
    byId("note-text").value = "";
    byId("note").hidden = false;
    this.follow();
    byId("note-text").focus();
  }

  hide() {
    byId("note").hidden = true;
    byId("note-text").blur();
  }

  about() {
    const call = this.state.view.calls.find((each) => each.call === this.call);
    if (call) return pick(call);
    const work = chosenWork(this.state);
    return work ? work.operation_name || work.operation : "";
  }

  send() {
    const text = byId("note-text").value.trim();
    if (!text) return;
    const operation = this.call ? "" : chosenWork(this.state)?.operation || "";
    this.post("note", { text, operation, call: this.call });
    this.hide();
  }

  follow() {
    const notes = this.state.view.notes;
    byId("do-note").disabled = !this.state.view.people.length;
    if (!this.open) return;
    if (!this.state.view.people.length) return this.hide();
    put("note-about", this.about());
    put("note-none", notes.length ? "" : say("no_notes"));
    keyed(byId("notes"), notes, (each) => `${each.wall} ${each.text}`, () => noteLine(), (node, each) => {
      const [head, text] = node.children;
      head.textContent = [hour(each.wall), each.person_name, pick({ zh: each.about, en: each.about_en })].filter(Boolean).join(" · ");
      text.textContent = each.text;
    });
  }
}

function noteLine() {
  const node = make("li");
  node.append(make("small"), make("p"));
  return node;
}
