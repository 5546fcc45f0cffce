import { html, nothing, type TemplateResult } from "lit-html";

export interface Figure {
  readonly key: string;
  readonly label: string;
  /** Shown when the pointer rests on it. */
  readonly hint?: string;
  readonly text: string;
  /** As a script reads it. */
  readonly value?: number | string;
}

/** Terms and figures. Each `dd` carries its raw value in `data-value`, under `data-figure`. */
export function figureList(label: string, figures: readonly Figure[]): TemplateResult {
  return html`
    <dl class="figures" aria-label=${label}>
      ${figures.map(
        ({ key, label: term, hint, text, value }) => html`
          <div title=${hint ?? nothing}>
            <dt>${term}</dt>
            <dd data-figure=${key} data-value=${value ?? nothing}>${text}</dd>
          </div>`,
      )}
    </dl>`;
}
