/** Small helpers to build SVG documents. */

const NAMESPACE = "http://www.w3.org/2000/svg";

type Attributes = Record<string, string | number>;

/** An SVG element with attributes and children. */
export function s(tag: string, attributes: Attributes = {}, ...children: (Node | string)[]): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** The document as a file. */
export const toFile = (svg: SVGElement): Blob =>
  new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });

/**
 * The document as a PNG file, `scale` pixels to its unit.
 *
 * @throws {Error} where the browser cannot draw it.
 */
export async function toPng(svg: SVGElement, scale: number): Promise<Blob> {
  const address = URL.createObjectURL(toFile(svg));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Number(svg.getAttribute("width")) * scale;
    canvas.height = Number(svg.getAttribute("height")) * scale;
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const file = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
    if (!file) throw new Error("the browser could not write a PNG of this size");
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}
