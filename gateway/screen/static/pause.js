// The panel that asks why work is paused: shown only where the plant has pause cards with reasons.

import { byId, keyed, make, put } from "./nodes.js";
import { chosenWork } from "./panes.js";
import { pick } from "./words.js";

export class PausePanel {
  constructor(state, post) {
    this.state = state;
    this.send = post;
  }

  get open() {
    return !byId("pause").hidden;
  }

  asks() {
    return this.state.view.pause_reasons.length > 0;
  }

  show() {
    byId("pause").hidden = false;
    this.follow();
  }

  hide() {
    byId("pause").hidden = true;
  }

  post(reason) {
    this.send("command", { command: "pause", value: reason });
    this.hide();
  }

  follow() {
    if (!this.open) return;
    const work = chosenWork(this.state);
    if (!work || work.state === "paused") return this.hide();
    put("pause-operation", work.operation_name || work.operation);
    keyed(byId("pause-buttons"), this.state.view.pause_reasons, (each) => each.id, () => make("button"), (node, each) => {
      node.dataset.do = "pause-because";
      node.dataset.value = each.id;
      node.textContent = pick(each);
    });
  }
}
