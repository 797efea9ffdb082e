// The button that lets this browser show messages while no page is open. Without it, or where the browser cannot, the
// page works all the same.
const button = document.querySelector("[data-push-key]");

async function turnOn(subscribe) {
  await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
  const form = button.form;
  form.elements.subscription.value = JSON.stringify(await subscribe(button.dataset.pushKey));
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  if (!answer.ok) throw new Error(await answer.text());
}

if (button) {
  const { canPush, subscribe } = await import(button.dataset.pushScript);
  const said = button.form.querySelector("[role=status]");
  button.hidden = !canPush();
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await turnOn(subscribe);
      said.textContent = button.dataset.done;
      button.hidden = true;
    } catch {
      said.textContent = button.dataset.refused;
      button.disabled = false;
    }
  });
}
