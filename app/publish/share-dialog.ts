import { html, nothing, type TemplateResult } from "lit-html";
import { Dialog } from "../kit/dialog.ts";
import { words } from "../words/words.ts";
import { CopyLink } from "./copy-link.ts";
import { type QrPicture, qrPicture } from "./qr-picture.ts";

/** The link, to be copied, shared or scanned. */
export class ShareDialog extends Dialog {
  readonly #name: string;
  readonly #link: CopyLink;
  readonly #isShared: boolean;
  #picture: QrPicture | undefined;
  #said = "";

  constructor(options: { readonly name: string; readonly address: string; readonly isShared: boolean }) {
    super("share-title");
    this.#name = options.name;
    this.#link = new CopyLink(options.address, "share-link");
    this.#isShared = options.isShared;
  }

  override open(): void {
    super.open();
    if (this.#isShared && this.#picture === undefined) void this.#drawPicture();
  }

  protected override template(): TemplateResult {
    const say = words.publish.share;
    return html`
      <h2 id="share-title">${say.title(this.#name)}</h2>
      ${this.#isShared ? html`<div class="qr">${this.#picture?.(say.qr) ?? nothing}</div>` : nothing}
      <div class="field">
        <label for="share-link">${words.publish.link.label}</label>
        ${this.#link.root}
      </div>
      <p class="note">${this.#reach()}</p>
      <p class="note" role="status">${this.#said}</p>
      <div class="button-row">
        ${typeof navigator.share === "function" ? html`<button type="button" class="button" @click=${this.#share}>${say.share}</button>` : nothing}
        <button type="button" class="button" @click=${this.close}>${words.common.close}</button>
      </div>
    `;
  }

  /** Who can open the link, which is not always everybody. */
  #reach(): string {
    const say = words.publish.share;
    if (!this.#isShared) return say.onlyHere;
    return /^(?:localhost|127\.|\[::1\])/.test(location.hostname) ? say.thisMachine : say.everybody;
  }

  async #drawPicture(): Promise<void> {
    try {
      this.#picture = await qrPicture(this.#link.address);
    } catch {
      this.#said = words.publish.share.noPicture;
    }
    this.changed();
  }

  readonly #share = async (): Promise<void> => {
    try {
      await navigator.share({ title: words.publish.share.title(this.#name), url: this.#link.address });
    } catch (thrown) {
      // Who closes the browser's own menu has changed their mind.
      if (thrown instanceof DOMException && thrown.name === "AbortError") return;
      this.#said = words.publish.share.notShared;
      this.changed();
    }
  };
}
