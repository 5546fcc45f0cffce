import { html, type TemplateResult } from "lit-html";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/** Which keys the player has, and whether it has them. */
export class KeysDialog extends View<HTMLDialogElement> {
  readonly #preference: { readonly read: () => boolean; readonly write: (isOn: boolean) => void };

  constructor(preference: { readonly read: () => boolean; readonly write: (isOn: boolean) => void }) {
    super(document.createElement("dialog"));
    this.#preference = preference;
    this.root.className = "keys-dialog";
    this.root.setAttribute("aria-labelledby", "keys-heading");
    // A click beside it.
    this.root.addEventListener("click", ({ target }) => {
      if (target === this.root) this.root.close();
    });
  }

  /** The browser gives the focus back to where it was when this closes. */
  open(): void {
    if (this.root.open) return;
    // In full screen nothing else is seen.
    (document.fullscreenElement ?? document.body).append(this.root);
    this.draw();
    this.root.showModal();
  }

  protected override template(): TemplateResult {
    const { keys } = words.watch;
    return html`
      <div class="keys">
        <div class="keys-head">
          <h2 id="keys-heading">${keys.title}</h2>
          <button type="button" class="button small" autofocus @click=${() => this.root.close()}>${words.common.close}</button>
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
