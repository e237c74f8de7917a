/** A link as a QR code, for a slide or a poster. */

import { s } from "./svg";

/** Modules of white around the code, without which phones do not find it. */
const MARGIN = 4;

/** Bytes that the largest code holds at its middle level of correction (ISO/IEC 18004, version 40-M). */
const MOST_BYTES = 2331;

/** The code: dark on white in every colour scheme; null for a text that is too long for one. */
export async function codeOf(text: string): Promise<SVGElement | null> {
  if (new TextEncoder().encode(text).length > MOST_BYTES) return null;
  // Few visitors want one.
  const { encode } = await import("uqr");
  const { data, size } = encode(text, { ecc: "M", border: MARGIN });
  const cells = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return s(
    "svg",
    {
      viewBox: `0 0 ${size} ${size}`,
      role: "img",
      "aria-label": `QR code of ${text}`,
      "shape-rendering": "crispEdges",
    },
    s("rect", { width: size, height: size, fill: "#fff" }),
    s("path", { d: cells.join(""), fill: "#000" }),
  );
}
