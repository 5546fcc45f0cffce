import { html, type TemplateResult } from "lit-html";
import { Dialog } from "../kit/dialog.ts";
import { words } from "../words/words.ts";
import type { LiveSession } from "./live-session.ts";
import { SourcePicker } from "./source-picker.ts";

/** Chooses what the stream goes on with; viewers go on seeing the former source until the other one is there. */
export class SwitchDialog extends Dialog {
  readonly #session: LiveSession;
  #picker: SourcePicker | undefined;
  #over = new AbortController();
  #hint = "";

  constructor(session: LiveSession) {
    super("switch-title");
    this.#session = session;
    this.root.classList.add("dialog-wide");
  }

  override open(): void {
    this.#begin();
    super.open();
  }

  /** Opens it with files that were dropped on the page. */
  openWith(files: readonly File[]): void {
    this.open();
    this.#picker?.addFiles(files);
  }

  protected override closed(): void {
    this.#over.abort();
    this.#picker = undefined;
  }

  protected override template(): TemplateResult {
    const say = words.publish.switching;
    return html`<form @submit=${this.#submit}>
      <h2 id="switch-title">${say.title}</h2>
      <p class="soft">${say.note}</p>
      ${this.#picker?.root}
      <p class="status" role="status">${this.#hint}</p>
      <div class="button-row">
        <button class="button primary">${say.confirm}</button>
        <button type="button" class="button" @click=${this.close}>${words.common.cancel}</button>
      </div>
    </form>`;
  }

  #begin(): void {
    if (this.isOpen) return;
    this.#over = new AbortController();
    this.#hint = "";
    const picker = new SourcePicker(
      this.#session.source.kind === "camera" ? "screen" : "camera",
      () => {
        this.#hint = "";
        this.changed();
      },
      { signal: this.#over.signal, soundIsFixed: true },
    );
    this.#picker = picker;
    picker.show();
  }

  readonly #submit = (event: Event): void => {
    event.preventDefault();
    const picker = this.#picker;
    if (picker === undefined) return;
    if (picker.choice.kind === "file" && picker.choice.files.length === 0) {
      this.#hint = words.publish.hints.noFile;
      this.changed();
      return;
    }
    const { choice } = picker;
    // Asked for here and now: a browser shares a screen only right after a click.
    void this.#session.switchTo(choice, picker.take());
    this.close();
  };
}
