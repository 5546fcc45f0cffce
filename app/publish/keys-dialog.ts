import { html, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import { Dialog } from "../kit/dialog.ts";
import { changePreferences, readPreferences } from "../kit/preferences.ts";
import { words } from "../words/words.ts";
import type { LiveControl } from "./live-controls.ts";

/** The list of keys, and whether they do anything: single letters get in the way of speech input. */
export class KeysDialog extends Dialog {
  readonly #controls: readonly LiveControl[];
  enabled = readPreferences().studioKeys;

  constructor(controls: readonly LiveControl[]) {
    super("keys-title");
    this.#controls = controls;
  }

  protected override template(): TemplateResult {
    const say = words.publish.keys;
    return html`
      <h2 id="keys-title">${say.title}</h2>
      <dl class="keys">
        ${this.#controls
          .filter(({ shown }) => shown?.() ?? true)
          .map(({ key, about }) => html`<div><dt><kbd>${key.toUpperCase()}</kbd></dt><dd>${about}</dd></div>`)}
        <div><dt><kbd>Esc</kbd></dt><dd>${say.escape}</dd></div>
      </dl>
      <label class="check">
        <input type="checkbox" .checked=${live(this.enabled)} @change=${this.#toggle} />
        ${say.enabled}
      </label>
      <div class="button-row">
        <button type="button" class="button" @click=${this.close}>${words.common.close}</button>
      </div>
    `;
  }

  readonly #toggle = (): void => {
    this.enabled = !this.enabled;
    try {
      changePreferences({ studioKeys: this.enabled });
    } catch {
      // A browser that stores nothing forgets it with the page.
    }
    this.changed();
  };
}
