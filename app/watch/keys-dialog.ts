import { html, type TemplateResult } from "lit-html";
import { Dialog } from "../kit/dialog.ts";
import { words } from "../words/words.ts";

/** Which keys the player has, and whether it has them. */
export class KeysDialog extends Dialog {
  readonly #preference: { readonly read: () => boolean; readonly write: (isOn: boolean) => void };

  constructor(preference: { readonly read: () => boolean; readonly write: (isOn: boolean) => void }) {
    super("keys-heading");
    this.#preference = preference;
    this.root.classList.add("keys-dialog");
  }

  override open(): void {
    // In full screen nothing else is seen.
    (document.fullscreenElement ?? document.body).append(this.root);
    super.open();
  }

  protected override template(): TemplateResult {
    const { keys } = words.watch;
    return html`
      <div class="keys">
        <div class="keys-head">
          <h2 id="keys-heading">${keys.title}</h2>
          <button type="button" class="button small" autofocus @click=${this.close}>${words.common.close}</button>
        </div>
        <p class="note">${keys.note}</p>
        <label class="check">
          <input
            type="checkbox" .checked=${this.#preference.read()}
            @change=${(event: Event) => this.#preference.write((event.target as HTMLInputElement).checked)}
          />${keys.use}
        </label>
        <dl>
          ${keys.list.map(
            ([names = "", meaning]) => html`
              <div><dt>${names.split(" ").map((name) => (/^(or|…)$/.test(name) ? html` ${name} ` : html`<kbd>${name.replace(/,$/, "") || name}</kbd> `))}</dt><dd>${meaning}</dd></div>`,
          )}
        </dl>
      </div>`;
  }
}
