import { html, nothing, type TemplateResult } from "lit-html";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/** A link in a field of its own, with a button that copies it. */
export class CopyLink extends View<HTMLDivElement> {
  readonly address: string;
  readonly #id: string;
  #said = "";

  constructor(address: string, id: string) {
    super(document.createElement("div"));
    this.address = address;
    this.#id = id;
    this.draw();
  }

  protected override template(): TemplateResult {
    return html`<div class="field-row">
        <input id=${this.#id} readonly .value=${this.address} aria-describedby="link-note" @focus=${() => this.#field?.select()} />
        <button type="button" class="button" @click=${this.#copy}>${words.common.copy}</button>
      </div>
      <p class="note" role="status">${this.#said || nothing}</p>`;
  }

  get #field(): HTMLInputElement | null {
    return this.root.querySelector("input");
  }

  readonly #copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(this.address);
      this.#said = words.publish.link.copied;
    } catch {
      this.#field?.select();
      this.#said = words.publish.link.copyByHand;
    }
    this.changed();
  };
}
