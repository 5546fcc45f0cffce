import { h, setText } from "../kit/dom.ts";

/**
 * What a browser keeps for a site it may clear by itself when the disk is full, unless it has promised not to. Only a page can
 * ask for the promise, and only a person's click makes it likely.
 */
export class KeepSafe {
  readonly element = h("div", { class: "keep-safe", hidden: true });
  readonly #button = h("button", { type: "button", class: "button small" }, "Keep it safe");
  readonly #sentence = h("p", { class: "note", role: "status" });

  constructor() {
    this.element.append(this.#sentence, this.#button);
    this.#button.addEventListener("click", () => void this.#ask());
    void this.#look();
  }

  async #look(): Promise<void> {
    // Absent outside secure contexts and in old browsers, which promise nothing.
    if (navigator.storage?.persist === undefined) return;
    this.#show(
      await navigator.storage.persisted(),
      "The browser may clear this by itself when the disk is nearly full.",
    );
  }

  async #ask(): Promise<void> {
    const hadFocus = document.activeElement === this.#button;
    const promised = await navigator.storage.persist();
    this.#show(
      promised,
      "The browser has not agreed. It agrees for sites that are used often, are bookmarked or are installed as an app; then ask again.",
    );
    if (promised && hadFocus) this.#sentence.focus();
  }

  #show(promised: boolean, otherwise: string): void {
    this.element.hidden = false;
    this.#button.hidden = promised;
    this.#sentence.tabIndex = -1;
    setText(
      this.#sentence,
      promised ? "Safe: the browser has promised not to clear this by itself. Only you can delete it." : otherwise,
    );
  }
}
