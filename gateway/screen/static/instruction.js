// The work instruction of the operation that the buttons act on: a picture or a document, from the gateway's own card.

import { byId, make, put } from "./nodes.js";
import { chosenWork } from "./panes.js";
import { say } from "./words.js";

export class InstructionPanel {
  constructor(state) {
    this.state = state;
    this.shown = "";
    window.addEventListener("blur", () => setTimeout(() => this.keepKeys()));
  }

  // A document that was touched would take the keys of a scanner that types: they belong to the page.
  keepKeys() {
    if (document.activeElement?.tagName !== "IFRAME") return;
    document.activeElement.blur();
    window.focus();
  }

  get open() {
    return !byId("instruction").hidden;
  }

  found() {
    return chosenWork(this.state)?.instruction || null;
  }

  show() {
    if (!this.found()?.here) return;
    byId("instruction").hidden = false;
    this.paint();
  }

  hide() {
    byId("instruction").hidden = true;
    byId("instruction-file").replaceChildren();
    this.shown = "";
  }

  widen() {
    byId("instruction").classList.toggle("wide");
    this.paint();
  }

  // A result must be in sight: what was widened over it gives way.
  narrow() {
    byId("instruction").classList.remove("wide");
  }

  follow() {
    const row = this.found();
    const button = byId("do-instruction");
    button.hidden = !row?.here;
    if (row) put("instruction-revision", say("instruction_revision", { revision: row.revision }));
    byId("instruction-absent").hidden = !row || row.here;
    put("instruction-absent", row && !row.here ? say("instruction_absent", { revision: row.revision }) : "");
    if (this.open && !row?.here) this.hide();
    if (this.open) this.paint();
  }

  paint() {
    const row = this.found();
    put("instruction-title", row.title);
    put("instruction-mark", say("instruction_revision", { revision: row.revision }));
    const wide = byId("instruction").classList.contains("wide");
    put("instruction-size", say(wide ? "instruction_narrow" : "instruction_wide"));
    if (this.shown === row.sha256) return;
    this.shown = row.sha256;
    const node = make(row.media_type === "application/pdf" ? "iframe" : "img");
    // The viewer's own bar offers to save and print, which a kiosk has no use for.
    node.src = `/instruction/${row.sha256}#toolbar=0&navpanes=0&view=FitH`;
    node.title = row.title;
    byId("instruction-file").replaceChildren(node);
  }
}
