import { html, nothing, type TemplateResult } from "lit-html";
import { live } from "lit-html/directives/live.js";
import type { PublishAddress } from "../address.ts";
import { readPreferences } from "../kit/preferences.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import { EncodingPower } from "./encoding-power.ts";
import { latencyField } from "./latency-field.ts";
import type { PublishSettings } from "./publish-settings.ts";
import { AS_IT_COMES, type Quality } from "./quality.ts";
import { qualityField } from "./quality-field.ts";
import { initialSharing, type Sharing } from "./sharing.ts";
import { sharingField } from "./sharing-field.ts";
import { SourcePicker } from "./source-picker.ts";

export interface SetupFormOptions {
  readonly address: PublishAddress;
  readonly name: string;
  readonly signal: AbortSignal;
  readonly onSubmit: () => void;
  readonly onCancel: () => void;
}

/** The form that starts a stream: what is seen of it stands beside how it is sent. */
export class SetupForm extends View<HTMLFormElement> {
  readonly picker: SourcePicker;
  readonly #address: PublishAddress;
  readonly #onCancel: () => void;
  readonly #preferences = readPreferences();
  #name: string;
  readonly #power = new EncodingPower(this.changed);
  #shown = new AbortController();
  #quality: Quality = AS_IT_COMES;
  #partTargetMs: number;
  #sharing: Sharing;
  #hint = "";
  #busy = false;

  constructor({ address, name, signal, onSubmit, onCancel }: SetupFormOptions) {
    super(document.createElement("form"));
    this.root.className = "studio setup";
    this.root.setAttribute("aria-label", words.publish.formLabel);
    this.#address = address;
    this.#onCancel = onCancel;
    this.#name = name;
    this.#partTargetMs = address.partTargetMs;
    this.#sharing = initialSharing(address, this.#preferences);
    this.picker = new SourcePicker(address.source, () => this.hint(""), { signal });
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      onSubmit();
    });
    this.draw();
  }

  get settings(): PublishSettings {
    return {
      name: this.#name.trim(),
      source: this.picker.choice,
      quality: this.#quality,
      partTargetMs: this.#partTargetMs,
      sharing: this.#sharing,
    };
  }

  /** It is shown: with what can be seen of the source without a question. */
  show(): void {
    this.#shown = new AbortController();
    this.picker.show();
    if (this.#power.state === "unknown") this.#measure();
  }

  /** It is shown no longer, or not to be changed: devices are freed. */
  hide(): void {
    this.#shown.abort();
    this.picker.close();
  }

  /** A name nobody asked for may still give way to a free one. */
  suggestName(name: string): void {
    this.#name = name;
    this.changed();
  }

  /** Says something about the form; empty for nothing. */
  hint(sentence: string): void {
    this.#hint = sentence;
    this.changed();
  }

  /** While a stream is being started nothing can be changed, but it can be called off. */
  set busy(busy: boolean) {
    const hadFocus = this.root.contains(document.activeElement);
    this.#busy = busy;
    this.picker.disabled = busy;
    this.draw();
    // Only where the disabled button would lose the focus: a stream that starts with the page takes none.
    if (busy && hadFocus) this.root.querySelector<HTMLButtonElement>("#call-off")?.focus();
  }

  focusSubmit(): void {
    this.draw();
    this.root.querySelector<HTMLButtonElement>("#go-live")?.focus({ preventScroll: true });
  }

  /** An encoder that goes live would be measured with it: that ends this. */
  #measure(): void {
    void this.#power.measure(this.#shown.signal);
  }

  protected override template(): TemplateResult {
    const say = words.publish;
    const typed = ({ target }: Event): void => {
      if (target instanceof HTMLInputElement) this.#name = target.value;
    };
    return html`
      <div class="studio-main">${this.picker.root}</div>
      <div class="panel studio-side">
        <fieldset class="settings" ?disabled=${this.#busy}>
          <div class="field">
            <label for="stream-name">${say.name.label}</label>
            <input id="stream-name" required maxlength="64" pattern="[A-Za-z0-9._\\-]{1,64}" autocomplete="off" autocapitalize="none" spellcheck="false"
              aria-describedby="name-note" .value=${live(this.#name)} @input=${typed} />
            <p class="note" id="name-note">${say.name.note}</p>
          </div>
          ${qualityField(this.#quality, {
            kind: this.picker.choice.kind,
            power: this.#power,
            measure: () => this.#measure(),
            change: (quality) => {
              this.#quality = quality;
              this.changed();
            },
          })}
          ${latencyField(this.#partTargetMs, this.#address.partTargetMs, (partTargetMs) => {
            this.#partTargetMs = partTargetMs;
            this.changed();
          })}
          ${sharingField(this.#sharing, this.#preferences, (changes) => {
            this.#sharing = { ...this.#sharing, ...changes };
            this.changed();
          })}
        </fieldset>
        <div class="button-row">
          <button id="go-live" class="button primary large" ?disabled=${this.#busy}>${say.goLive}</button>
          ${this.#busy ? html`<button id="call-off" type="button" class="button large" @click=${this.#onCancel}>${say.cancel}</button>` : nothing}
        </div>
        <p class="status" role="status">${this.#hint}</p>
      </div>
    `;
  }
}
