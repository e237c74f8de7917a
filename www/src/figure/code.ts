/** A link as a QR code, for a slide or a poster. */

import { s } from "./svg";

/** Modules of white around the code, without which phones do not find it. */
const MARGIN = 4;

/** The code: dark on white in every colour scheme. */
export async function codeOf(text: string): Promise<SVGElement> {
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
