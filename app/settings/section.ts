import { html, nothing, type TemplateResult } from "lit-html";
import { changePreferences, type Preferences, readPreferences } from "../kit/preferences.ts";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";

/** A part of the settings: what is changed in it is stored at once, and said beside the field. */
export abstract class Section extends View<HTMLElement> {
  protected preferences: Preferences = readPreferences();
  /** What is said of which field. */
  readonly #said = new Map<string, { readonly text: string; readonly ok: boolean }>();

  constructor(name: string) {
    super(document.createElement("section"));
    this.root.className = "panel settings-section";
    this.root.setAttribute("aria-labelledby", `${name}-heading`);
  }

  protected change(field: string, changes: Partial<Preferences>): void {
    try {
      this.preferences = changePreferences(changes);
      this.say(field, words.settings.saved);
    } catch {
      this.preferences = { ...this.preferences, ...changes };
      this.say(field, words.settings.notSaved, false);
    }
  }

  protected say(field: string, text: string, ok = true): void {
    this.#said.clear();
    if (text !== "") this.#said.set(field, { text, ok });
    this.draw();
  }

  /** Where a field says what became of it; `id` is what the field is described by. */
  protected saidOf(field: string): TemplateResult {
    const said = this.#said.get(field);
    return html`<p class="said ${said?.ok === false ? "said-bad" : ""}" id="said-${field}" role="status">${said?.text ?? ""}</p>`;
  }

  protected check(field: keyof Preferences, label: string, note?: string): TemplateResult {
    const change = (event: Event): void =>
      this.change(field, { [field]: (event.target as HTMLInputElement).checked } as Partial<Preferences>);
    return checkField({
      id: field,
      label,
      checked: this.preferences[field] === true,
      change,
      note,
      said: this.saidOf(field),
    });
  }

  protected number(field: "uploadKbps" | "uploadMonthlyMB", label: string, note: string): TemplateResult {
    const change = (event: Event): void => {
      const input = event.target as HTMLInputElement;
      const value = Math.max(0, Math.round(input.valueAsNumber || 0));
      input.value = String(value);
      this.change(field, { [field]: value });
    };
    return html`<div class="field">
      <label for=${field}>${label}</label>
      <input
        id=${field} type="number" inputmode="numeric" min="0" max="1000000" step="1" .value=${String(this.preferences[field])}
        aria-describedby="note-${field} said-${field}" @change=${change} />
      <p class="note" id="note-${field}">${note}</p>
      ${this.saidOf(field)}
    </div>`;
  }
}

export function checkField(options: {
  readonly id: string;
  readonly label: string;
  readonly checked: boolean;
  readonly change: (event: Event) => void;
  readonly note?: string | undefined;
  readonly said: TemplateResult;
}): TemplateResult {
  const { id, label, checked, change, note, said } = options;
  return html`<div class="field">
    <label class="check"><input
      id=${id} type="checkbox" .checked=${checked} aria-describedby="note-${id} said-${id}" @change=${change} /><span>${label}</span></label>
    ${note === undefined ? nothing : html`<p class="note" id="note-${id}">${note}</p>`}
    ${said}
  </div>`;
}
