/** Small helpers to build and find elements. */

type Attributes = Record<string, string | number | boolean | undefined>;

/** An element with attributes and children: `true` sets an empty attribute, `false` and `undefined` none. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    // The page's security policy knows styles that scripts set, but no style attributes.
    if (name === "style") element.style.cssText = String(value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** The element that a selector names; the page's own markup must have it. */
export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T {
  const element = within.querySelector<T>(selector);
  if (!element) throw new Error(`the page has no ${selector}`);
  return element;
}

/** Whether the page lies behind a dialog, so that its keys mean nothing. */
export const underDialog = (): boolean => document.querySelector("dialog[open]") !== null;

/** Lets the browser paint and listen before a long piece of work goes on. */
export const rest = (): Promise<void> => new Promise((go) => setTimeout(go));

/** Hands a file to the browser's downloads. */
export function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  h("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Colours that are resolved already, since each costs a look at the whole page's style; one set a colour scheme. */
const resolved = { light: new Map<string, string>(), dark: new Map<string, string>() };
const darkScheme = matchMedia("(prefers-color-scheme: dark)");

/** A colour of the style sheet as a canvas understands it: a custom property, light or dark resolved. */
export function colorOf(property: string): string {
  const colors = resolved[darkScheme.matches ? "dark" : "light"];
  const known = colors.get(property);
  if (known !== undefined) return known;
  const probe = h("span", { style: `color: var(${property})` });
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  colors.set(property, color);
  return color;
}
