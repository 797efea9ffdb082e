// To and from the gateway: a page's stream down, one request at a time up, in the order things happened.

const RETRY_MS = 1000;
const SILENT_MS = 12000; // The gateway says something every 5 s.
const ANSWER_MS = 8000; // A piece of a photo takes the card 4 s at most.
const HIDDEN_MS = 30000; // A hidden tab gives its connection back: a browser has six per host.
const QUEUE_MAX = 20;

export class Wire {
  // wants: {view(view), connected(yes), taken(kind, at), refused({zh, en} | key)}
  constructor(base, wants) {
    this.base = base;
    this.wants = wants;
    this.token = "";
    this.queued = 0;
    this.last = Promise.resolve();
    this.open();
    document.addEventListener("visibilitychange", () => this.seen());
  }

  open() {
    this.close();
    this.source = new EventSource(`${this.base}/events`);
    this.source.addEventListener("hello", (event) => this.hello(JSON.parse(event.data)));
    this.source.addEventListener("view", (event) => this.heard(() => this.wants.view(JSON.parse(event.data))));
    this.source.addEventListener("alive", () => this.heard(() => {}));
    this.source.onerror = () => this.lost();
    this.listen();
  }

  close() {
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  hello(hello) {
    if (hello.release !== document.body.dataset.release) return void location.reload();
    this.token = hello.token;
    this.heard(() => this.wants.connected(true));
  }

  heard(act) {
    this.listen();
    act();
  }

  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENT_MS);
  }

  lost() {
    this.close();
    this.wants.connected(false);
    this.retry = setTimeout(() => this.open(), RETRY_MS);
  }

  seen() {
    clearTimeout(this.hiding);
    if (document.hidden) this.hiding = setTimeout(() => this.close(), HIDDEN_MS);
    else if (!this.source) this.open();
  }

  // Nothing is tried twice by itself: a person scans again, and the gateway knows a label it has kept.
  post(kind, body) {
    if (this.queued >= QUEUE_MAX) return void this.wants.refused("too_fast");
    this.queued += 1;
    const at = performance.now();
    this.last = this.last.then(() => this.send(kind, body, at)).finally(() => (this.queued -= 1));
  }

  async send(kind, body, at) {
    const answer = await this.ask(kind, "application/json", JSON.stringify(body));
    if (answer.status === 202) this.wants.taken(kind, at);
    else this.wants.refused(answer.trouble);
  }

  // {status, said, error, trouble}: what the gateway answered; trouble is its words, or a key of ours where none came.
  async ask(path, type, body) {
    let answer;
    try {
      answer = await fetch(`${this.base}/${path}`, {
        method: "POST",
        headers: { "Content-Type": type, "X-Lineside-Token": this.token },
        body,
        redirect: "error",
        signal: AbortSignal.timeout(ANSWER_MS),
      });
    } catch {
      return { status: 0, said: {}, error: "unsent", trouble: "unsent" };
    }
    const said = await answer.json().catch(() => ({}));
    if (said.error === "refused_token") this.token ? this.open() : location.reload();
    return { status: answer.status, said, error: said.error || "", trouble: said.zh ? said : "unsent" };
  }
}
