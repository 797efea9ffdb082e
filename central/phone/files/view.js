// What the phone page shows. Every value is put in as text; words come from the page, in the reader's language.
import { duration } from "./clock.js";

export const $ = (id) => document.getElementById(id);

export function word(name, values = {}) {
  const found = document.querySelector(`#words [data-word="${CSS.escape(name)}"]`);
  const text = found ? found.textContent : name;
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
}

export function tell(text, colour = "") {
  const box = $("told");
  box.replaceChildren();
  if (!text) return;
  const notice = document.createElement("p");
  notice.className = `notice ${colour}`;
  notice.textContent = text;
  box.append(notice);
}

export function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  for (const [name, size] of [["days", 86400], ["hours", 3600], ["minutes", 60]]) {
    if (seconds >= 2 * size) return word(`age.${name}`, { n: Math.floor(seconds / size) });
  }
  return word("age.seconds", { n: seconds });
}

function copy(template, values) {
  const made = $(template).content.firstElementChild.cloneNode(true);
  for (const each of made.querySelectorAll("[data-put]")) each.textContent = values[each.dataset.put] ?? "";
  return made;
}

export function addressOf(call) {
  return `#call/${call.gateway}/${call.call}`;
}

export function callCard(call, waiting) {
  const told = waiting ? word("act_state.waiting") : call.told;
  const card = copy("call-card", { ...call, told });
  card.classList.add(call.impact, call.state);
  card.querySelector("a").href = addressOf(call);
  const clock = card.querySelector(".clock");
  clock.dataset.since = call.raised;
  clock.textContent = duration(0);
  return card;
}

const COLOURS = { waiting: "amber", refused: "red", done: "green" };

export function actLine(act, seen) {
  const line = copy("act-line", {
    title: act.title,
    what: [word(`act.${act.kind}`), act.shown].filter(Boolean).join(" · "),
    age: age(Date.now() - act.made),
    state: word(`act_state.${act.state}`),
    why: act.refusal ? word(`refusal.${act.refusal}`, { who: act.who }) : "",
  });
  line.dataset.state = act.state;
  line.querySelector(".tag").classList.add(COLOURS[act.state]);
  if (!act.refusal) line.querySelector("p").remove();
  const button = line.querySelector("button");
  if (act.state === "waiting" || !seen) button.remove();
  else button.addEventListener("click", () => seen(act));
  return line;
}

// A list of choices, the one that was chosen kept where it is still there.
export function offer(select, rows) {
  const chosen = select.value;
  const options = [["", "–"], ...rows].map(([value, text]) => new Option(text, value));
  select.replaceChildren(...options);
  if (rows.some(([value]) => value === chosen)) select.value = chosen;
}

// The mark in the corner: how old what you see is.
export function showState(state, fresh) {
  const pill = $("state");
  if (!state) {
    pill.dataset.state = "lost";
    pill.textContent = word("state.none");
    return;
  }
  pill.dataset.state = fresh ? "live" : "lost";
  const values = { time: state.as_of_clock, age: age(Date.now() - state.kept_at) };
  pill.textContent = word(fresh ? "state.live" : "state.kept", values);
}
