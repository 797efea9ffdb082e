// Reads codes out of pictures, beside the page's own thread. This worker alone may compile WebAssembly: the server gives
// its file a policy of its own. Asked {id, image, hard}, it answers {id, found: [{label, text}]} or {id, fault}.
importScripts("zxing/reader.js");

const FORMATS = ["QRCode", "DataMatrix", "Code128", "Code39", "EANUPC", "DataBar", "PDF417", "Aztec"];

// Left alone, the library would fetch its WebAssembly from a public host.
ZXingWASM.prepareZXingModule({
  overrides: { locateFile: (name) => new URL(`zxing/${name}`, self.location.href).href },
});

self.addEventListener("message", async ({ data: { id, image, hard } }) => {
  try {
    const options = { formats: FORMATS, tryHarder: hard, textMode: "Plain", maxNumberOfSymbols: 4 };
    const read = await ZXingWASM.readBarcodes(image, options);
    // As a scanner with its AIM identifier switched on sends it (docs/labels.md).
    const found = read
      .filter((each) => each.isValid)
      .map((each) => ({ label: each.symbologyIdentifier + each.text, text: each.text }));
    self.postMessage({ id, found });
  } catch (fault) {
    self.postMessage({ id, fault: String(fault) });
  }
});
