import type { Address } from "../address.ts";
import { words } from "../words/words.ts";

/** What index.html says, which stands there in English before any script has run, in the language that was chosen. */
export function sayFrame(view: Address["view"]): void {
  const { frame, nav, title } = words.common;
  const say = (selector: string, text: string): void => {
    for (const element of document.querySelectorAll(selector)) element.textContent = text;
  };
  say(".skip-link", frame.skip);
  say(".site-footer p", frame.footer);
  for (const [name, text] of Object.entries(nav)) say(`[data-nav="${name}"] span`, text);
  document.querySelector(".brand")?.setAttribute("aria-label", frame.home);
  document.querySelector(".site-header nav")?.setAttribute("aria-label", frame.views);
  // Views that show a stream put its name there. The start page has the title of index.html.
  if (view !== "home") document.title = title(nav[view]);
  else if (document.documentElement.lang !== "en") document.title = frame.title;
}
