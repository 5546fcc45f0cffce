type AttributeValue = string | number | boolean | undefined;
type Child = Node | string | undefined;

/** Makes an element. `true` sets an empty attribute; `false` and `undefined` leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, AttributeValue>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes an SVG element. */
function s(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: readonly Node[]
): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A picture from `public/icons.svg`; what it means stands in words beside it. */
export function icon(name: "pattern" | "camera" | "screen" | "file" | "sound-off" | "pin"): SVGElement {
  return s("svg", { class: "icon", "aria-hidden": "true" }, s("use", { href: `/icons.svg#${name}` }));
}

/** Writes only what changed, so that a live region speaks once and a selection in the text survives. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
