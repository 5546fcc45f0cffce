import { html, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";

/** What is drawn with a colour of its own; each has a swatch in the legend, whose style says which. */
const SWATCHES = [
  "page",
  "peer",
  "origin",
  "unknown",
  "disk",
  "diskOnly",
  "gone",
  "gap",
  "independent",
  "next",
  "read",
] as const;
export type Swatch = (typeof SWATCHES)[number];
export type Colours = Readonly<Record<Swatch | "ink" | "soft" | "surface", string>>;

/** What the colours of a canvas mean. The canvas takes them from here, so that tokens and schemes hold for it too. */
export function legend(): TemplateResult {
  const texts = words.inspect.rings.legend;
  return html`<ul class="slot-legend">
    ${SWATCHES.map((name) => html`<li><span class="swatch" data-swatch=${name}></span>${texts[name]}</li>`)}
  </ul>`;
}

/** The colours as they are now. */
export function readColours(root: HTMLElement): Colours {
  const colours: Partial<Record<Swatch, string>> = {};
  for (const swatch of root.querySelectorAll<HTMLElement>("[data-swatch]"))
    colours[swatch.dataset.swatch as Swatch] = getComputedStyle(swatch).borderTopColor;
  const { color, getPropertyValue } = bound(getComputedStyle(root));
  const soft = getPropertyValue("--ink-soft");
  const surface = getPropertyValue("--surface");
  return { ...(colours as Record<Swatch, string>), ink: color, soft, surface };
}

function bound(style: CSSStyleDeclaration): { color: string; getPropertyValue: (name: string) => string } {
  return { color: style.color, getPropertyValue: (name) => style.getPropertyValue(name).trim() };
}
