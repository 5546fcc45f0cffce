import { words } from "../words/words.ts";

/** Links of the page's head open tabs of their own until `signal` aborts: whoever looks into the library goes on being live. */
export function openLinksInTabs(signal: AbortSignal): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>(".site-header a")) {
    link.target = "_blank";
    link.rel = "noopener";
    link.title = words.publish.newTab;
    signal.addEventListener(
      "abort",
      () => {
        for (const name of ["target", "rel", "title"]) link.removeAttribute(name);
      },
      { once: true },
    );
  }
}
