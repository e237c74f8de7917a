/** A velocity map as a text that fits in an address: whole m/s, differences along the rows, deflated, in base64url. */

// In a task of its own: the library's tables take as long to make as the whole page's modules.
const { deflateSync, inflateSync } = await import("fflate");

/** Fastest velocity that is written, m/s: far beyond what can be simulated. */
const FASTEST = 0xffff;

/** Bits of a difference that go into one byte; the eighth tells whether more follow. */
const RADIX = 128;

/** The text of a map. Its velocities come back to the nearest m/s. */
export function mapToText(map: Float32Array): string {
  const bytes: number[] = [];
  let before = 0;
  for (const velocity of map) {
    const value = Math.min(FASTEST, Math.max(0, Math.round(velocity)));
    const difference = value - before;
    before = value;
    // Even for the faster, odd for the slower: small ones of either sign take one byte.
    let rest = difference < 0 ? -2 * difference - 1 : 2 * difference;
    for (; rest >= RADIX; rest = Math.floor(rest / RADIX)) bytes.push((rest % RADIX) + RADIX);
    bytes.push(rest);
  }
  const packed = deflateSync(Uint8Array.from(bytes), { level: 9 });
  return btoa(String.fromCharCode(...packed))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The map of so many cells that a text stands for; null when it stands for none. */
export function textToMap(text: string, cells: number): Float32Array | null {
  const map = new Float32Array(cells);
  let [cell, value, read, unit] = [0, 0, 0, 1];
  for (const byte of unpack(text)) {
    read += (byte % RADIX) * unit;
    unit *= RADIX;
    if (byte >= RADIX) continue;
    value += read % 2 === 1 ? -(read + 1) / 2 : read / 2;
    if (cell === cells || value < 0 || value > FASTEST) return null;
    map[cell++] = value;
    [read, unit] = [0, 1];
  }
  return cell === cells && unit === 1 ? map : null;
}

/** The bytes in a text; none when it is damaged. */
function unpack(text: string): Uint8Array {
  try {
    const packed = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return inflateSync(Uint8Array.from(packed, (letter) => letter.charCodeAt(0)));
  } catch {
    return new Uint8Array();
  }
}
