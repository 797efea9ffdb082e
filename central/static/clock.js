// Running times: every element with data-since (seconds since 1970, by the server's clock) counts on.
// The browser's own clock may be wrong, so only its differences are used.
let offsetSeconds = 0;

export function setServerTime(seconds) {
  if (seconds > 0) offsetSeconds = seconds - performance.now() / 1000;
}

function two(number) {
  return String(number).padStart(2, "0");
}

export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  const clock = `${Math.floor((whole % 86400) / 3600)}:${two(Math.floor(whole / 60) % 60)}`;
  if (days > 0) return `${days} ${document.body.dataset.day} ${clock}`;
  return `${clock}:${two(whole % 60)}`;
}

export function tick() {
  const now = performance.now() / 1000 + offsetSeconds;
  for (const each of document.querySelectorAll("[data-since]")) {
    each.textContent = duration(now - Number(each.dataset.since));
  }
}

setServerTime(Number(document.body.dataset.now));
setInterval(tick, 1000);
tick();
