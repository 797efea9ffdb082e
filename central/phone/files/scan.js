// The camera, a still picture, or typing: each gives a label. The decoder is a file of this server; nothing leaves the phone.
import { pixels } from "./picture.js";
import { $, word } from "./view.js";

const VIDEO_PIXELS_MAX = 1280;
const STILL_PIXELS_MAX = 2400;
const LOOK_MS = 120; // Between two looks: a phone in the hand stays cool.

let decoder = null;
let asked = 0;
const waiting = new Map();
let stream = null;
let take = null;

function tell(name, values) {
  $("scan-told").textContent = name ? word(`scan.${name}`, values) : "";
}

function decode(image, hard) {
  if (!decoder) {
    decoder = new Worker(new URL("decode.js", import.meta.url));
    decoder.addEventListener("message", ({ data }) => {
      const each = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.fault) each.reject(new Error(data.fault));
      else each.resolve(data.found);
    });
    decoder.addEventListener("error", () => {
      for (const each of waiting.values()) each.reject(new Error("the decoder did not start"));
      waiting.clear();
      decoder = null;
    });
  }
  const id = ++asked;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    decoder.postMessage({ id, image, hard }, [image.data.buffer]);
  });
}

async function found(read) {
  if (navigator.vibrate) navigator.vibrate(80);
  tell("read", { text: read.text });
  const told = await take(read);
  if (told) $("scan-told").textContent = `${word("scan.read", { text: read.text })} ${told}`;
}

async function start() {
  if (!navigator.mediaDevices) return tell("insecure");
  tell("starting");
  try {
    const video = { facingMode: "environment", width: { ideal: VIDEO_PIXELS_MAX } };
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (fault) {
    return tell(fault.name === "NotAllowedError" ? "denied" : "no_camera");
  }
  if (!take) return stop(); // The page went on while the person was asked.
  $("viewfinder").hidden = false;
  $("camera").hidden = true;
  $("video").srcObject = stream;
  await $("video").play();
  tell("looking");
  look(stream);
}

async function look(mine) {
  const video = $("video");
  while (stream === mine) {
    if (video.videoWidth) {
      let read;
      try {
        read = await decode(pixels(video, video.videoWidth, video.videoHeight, VIDEO_PIXELS_MAX), false);
      } catch {
        stop();
        return tell("no_decoder");
      }
      if (stream === mine && read.length) {
        stop();
        return found(read[0]);
      }
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function stop() {
  for (const track of stream ? stream.getTracks() : []) track.stop();
  stream = null;
  $("video").srcObject = null;
  $("viewfinder").hidden = true;
  $("camera").hidden = false;
}

async function still(input) {
  const file = input.files[0];
  if (!file) return;
  let image;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    image = pixels(picture, picture.width, picture.height, STILL_PIXELS_MAX);
  } catch {
    return tell("unreadable");
  } finally {
    input.value = "";
  }
  try {
    const read = await decode(image, true);
    if (read.length) await found(read[0]);
    else tell("nothing");
  } catch {
    tell("no_decoder");
  }
}

// The scan view opens; `lookUp(found)` gives words for the person, or nothing where it leads on.
export function enterScan(lookUp) {
  if (take) return;
  take = lookUp;
  tell(navigator.mediaDevices ? "" : "insecure");
}

export function leaveScan() {
  if (!take) return;
  take = null;
  stop();
  tell("");
}

$("camera").addEventListener("click", start);
$("picture").querySelector("input").addEventListener("change", (event) => still(event.target));
$("typed").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = event.target.elements.label.value;
  if (text.trim()) await found({ label: text, text });
});
