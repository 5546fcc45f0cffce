import { html, type TemplateResult } from "lit-html";
import { Dialog } from "../kit/dialog.ts";
import { clockTime, fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";
import type { LiveSession } from "./live-session.ts";

/** Asks before a stream is ended, and says what becomes of it. */
export class EndDialog extends Dialog {
  readonly #session: LiveSession;
  #recording: string = words.publish.end.looking;

  constructor(session: LiveSession) {
    super("end-title");
    this.#session = session;
  }

  override open(): void {
    super.open();
    void this.#lookAtRecording();
  }

  protected override template(): TemplateResult {
    const say = words.publish.end;
    const end = (): void => {
      this.close();
      this.#session.end();
    };
    return html`
      <h2 id="end-title">${say.title(this.#session.name)}</h2>
      <p>${say.viewers}</p>
      <p role="status">${this.#recording}</p>
      <div class="button-row">
        <button type="button" class="button danger" @click=${end}>${say.confirm}</button>
        <button type="button" class="button" autofocus @click=${this.close}>${say.goOn}</button>
      </div>
    `;
  }

  async #lookAtRecording(): Promise<void> {
    const { relay, name } = this.#session;
    const say = words.publish.end;
    try {
      const { persistence, kept } = await relay.stats(name);
      const isKept = persistence === "disk" && kept !== undefined;
      this.#recording = isKept ? say.kept(clockTime(kept.windowMs), fileSize(kept.sizeBytes)) : say.notKept;
    } catch {
      this.#recording = say.unknown;
    }
    this.changed();
  }
}
