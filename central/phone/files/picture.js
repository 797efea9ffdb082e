// A photo made small: drawn again at its new size, so that nothing but the picture is left of it (no place, no date, no
// device), upright as it was taken.
const QUALITIES = [0.85, 0.7, 0.5];

function drawn(source, width, height, pixelsMax) {
  const scale = Math.min(1, pixelsMax / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// The pixels of a picture or of a video's frame, its longer side at most `pixelsMax`.
export function pixels(source, width, height, pixelsMax) {
  const canvas = drawn(source, width, height, pixelsMax);
  return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
}

// A JPEG of at most `bytesMax`. Rejects for a file that this browser cannot show.
export async function scaled(file, pixelsMax, bytesMax) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const canvas = drawn(picture, picture.width, picture.height, pixelsMax);
  picture.close();
  for (const quality of QUALITIES) {
    const small = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (small && small.size <= bytesMax) return small;
  }
  throw new Error("the picture stays too large");
}
