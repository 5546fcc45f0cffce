import { html, render } from "lit-html";
import { words } from "../words/words.ts";

/** What Chromium offers where the page may be installed. @see https://wicg.github.io/manifest-incubations/ */
interface BeforeInstallPromptEvent extends Event {
  prompt(): Promise<{ readonly outcome: "accepted" | "dismissed" }>;
}

/** Shows a button beside the views, for as long as the browser offers to install the application. */
export function offerInstall(beside: HTMLElement): void {
  const place = document.createElement("div");
  place.className = "install";
  const draw = (offer: BeforeInstallPromptEvent | undefined): void => {
    const { button, label } = words.common.install;
    const install = async (): Promise<void> => {
      await offer?.prompt();
      // It may be asked once; where it was refused, the browser offers it again by itself.
      draw(undefined);
    };
    const content = html`<button type="button" class="button small" aria-label=${label} @click=${install}>${button}</button>`;
    render(offer === undefined ? html`` : content, place);
    if (offer === undefined) place.remove();
    else beside.before(place);
  };
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    draw(event as BeforeInstallPromptEvent);
  });
  window.addEventListener("appinstalled", () => draw(undefined));
}
