// Web push on this phone. Showing the messages is the service worker's part; asking the person and telling the server of
// the subscription is that of the page that calls this.

function bytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
}

// Whether this browser can: it takes a secure context, and on an iPhone the page on the home screen.
export function canPush() {
  return "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

// The subscription as {endpoint, expirationTime, keys: {p256dh, auth}}, for the server. `publicKey`: the server's VAPID
// key, base64url. Call it from a press: browsers ask the person only then. Rejects where the person says no.
export async function subscribe(publicKey) {
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: bytes(publicKey),
  });
  return made.toJSON();
}

// Ends it; the endpoint that the server has to forget, empty where there was none.
export async function unsubscribe() {
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.getSubscription();
  if (!made) return "";
  await made.unsubscribe();
  return made.endpoint;
}
