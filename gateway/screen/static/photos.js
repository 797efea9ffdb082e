// Photos of a call or an operation: chosen or taken, sent in pieces. A photo is kept when the station shows its record.

import { byId } from "./nodes.js";

const PIECE_BYTES = 256 * 1024;
const BYTES_MAX = 10 * 1024 * 1024;
const RETRY_MS = 1000;
const TRIES_MAX = 30; // The gateway remembers a silent upload for a minute.
const PASSING = new Set(["unsent", "refused_token", "inbox_full", "broken"]);

const pause = () => new Promise((done) => setTimeout(done, RETRY_MS));

export class Photos {
  // wants: {begun(), changed(), taken(), refused({zh, en} | key)}
  constructor(wire, wants) {
    this.wire = wire;
    this.wants = wants;
    this.percent = null; // Of the photo that is on its way to the gateway.
    this.about = null;
    byId("photo").addEventListener("change", () => void this.chosen());
  }

  take(about) {
    if (this.percent !== null) return void this.wants.refused("photo_busy");
    this.about = about;
    byId("photo").value = "";
    byId("photo").click();
  }

  async chosen() {
    const [file] = byId("photo").files;
    const about = this.about;
    if (!file || !about || this.percent !== null) return;
    this.wants.begun(); // What comes of it shows on the page, not on the panel over it.
    if (file.size > BYTES_MAX) return void this.wants.refused("photo_large");
    this.moved(0);
    const said = await this.send(file, about);
    this.moved(null);
    if (said) this.wants.refused(said);
    else this.wants.taken();
  }

  moved(percent) {
    this.percent = percent;
    this.wants.changed();
  }

  // What went wrong, or nothing.
  async send(file, about) {
    const begun = await this.asked("photo", "application/json", () => JSON.stringify({ bytes: file.size, ...about }));
    if (!begun.said.upload) return begun.trouble;
    let offset = 0;
    for (;;) {
      const from = offset;
      const path = () => `photo/${begun.said.upload}?offset=${from}`;
      const answer = await this.asked(path(), "application/octet-stream", () => file.slice(from, from + PIECE_BYTES));
      if (answer.status === 202) return null;
      if (answer.status !== 200) return answer.trouble;
      offset = answer.said.offset;
      this.moved(Math.floor((100 * offset) / file.size));
    }
  }

  // One request, again and again while the trouble may pass: the gateway says where it stands, so nothing is sent twice.
  async asked(path, type, body) {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.wire.ask(path, type, body());
      if (!PASSING.has(answer.error) || tries >= TRIES_MAX) return answer;
      await pause();
    }
  }
}
