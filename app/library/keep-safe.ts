import { html, nothing, type TemplateResult } from "lit-html";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/**
 * What a browser keeps for a site it may clear by itself when the disk is full, unless it has promised not to. Only a page can
 * ask for the promise, and only a person's click makes it likely.
 */
export class KeepSafe extends View<HTMLDivElement> {
  #answer: "unknown" | "not-asked" | "refused" | "promised" = "unknown";

  constructor() {
    super(document.createElement("div"));
    this.root.className = "keep-safe";
    this.root.hidden = true;
    void this.#look();
  }

  get element(): HTMLDivElement {
    return this.root;
  }

  protected override template(): TemplateResult {
    const { safe } = words.library;
    if (this.#answer === "unknown") return html``;
    const sentence = { "not-asked": safe.ask, refused: safe.refused, promised: safe.promised }[this.#answer];
    return html`<p class="note" role="status" tabindex="-1">${sentence}</p>
      ${
        this.#answer === "promised"
          ? nothing
          : html`<button type="button" class="button small" @click=${() => this.#ask()}>${safe.button}</button>`
      }`;
  }

  async #look(): Promise<void> {
    // Absent outside secure contexts and in old browsers, which promise nothing.
    if (navigator.storage?.persist === undefined) return;
    this.#show((await navigator.storage.persisted()) ? "promised" : "not-asked");
  }

  async #ask(): Promise<void> {
    const promised = await navigator.storage.persist();
    const hadFocus = this.root.contains(document.activeElement);
    this.#show(promised ? "promised" : "refused");
    // The button is gone.
    if (promised && hadFocus) this.root.querySelector("p")?.focus();
  }

  #show(answer: "not-asked" | "refused" | "promised"): void {
    this.#answer = answer;
    this.root.hidden = false;
    this.draw();
  }
}
