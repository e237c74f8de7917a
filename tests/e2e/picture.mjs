// Pictures against pictures, made small first, so that fonts and antialiasing of other machines do not count.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

/** Width that pictures are compared at. */
const WIDTH = 240;

/** Difference of a colour channel, of 255, beyond which a pixel is another one. */
const CHANNEL = 40;

/** Makes a PNG small; runs in a page of its own, since the page's policy lets no script in. */
const shrink = (page, png) =>
  page.evaluate(
    async ([data, width]) => {
      const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
      const canvas = new OffscreenCanvas(width, Math.round((image.height * width) / image.width));
      const context = canvas.getContext("2d");
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer());
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    },
    [png.toString("base64"), WIDTH],
  );

/** Share of pixels that differ between two small PNGs. */
const differing = (page, one, other) =>
  page.evaluate(
    async ([one, other, channel]) => {
      const pixels = async (data) => {
        const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
        const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
        context.drawImage(image, 0, 0);
        return context.getImageData(0, 0, image.width, image.height);
      };
      const [a, b] = [await pixels(one), await pixels(other)];
      // A row more or less of text is no other picture; a panel of another shape is.
      if (Math.abs(a.height - b.height) > 0.06 * b.height) return 1;
      const rows = Math.min(a.height, b.height);
      let count = 0;
      for (let i = 0; i < rows * a.width; i++) {
        const off = [0, 1, 2].some((c) => Math.abs(a.data[4 * i + c] - b.data[4 * i + c]) > channel);
        if (off) count += 1;
      }
      return count / (rows * a.width);
    },
    [one, other, CHANNEL],
  );

/** Keeps `png` at `expected`, where UPDATE_PICTURES=1 asks for it. */
export async function keep(page, png, expected) {
  if (!process.env.UPDATE_PICTURES) return;
  mkdirSync(new URL(".", expected), { recursive: true });
  writeFileSync(expected, Buffer.from(await shrink(page, png), "base64"));
}

/** Share of pixels in which `png` differs from the picture kept at `expected`. */
export async function difference(page, png, expected) {
  if (!existsSync(expected)) throw new Error(`${expected.pathname} is not there; UPDATE_PICTURES=1 makes it`);
  return differing(page, await shrink(page, png), readFileSync(expected).toString("base64"));
}
