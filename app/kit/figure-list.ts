import { html, type TemplateResult } from "lit-html";
import { ifDefined } from "lit-html/directives/if-defined.js";

export interface FigureRow {
  readonly key: string;
  readonly label: string;
  /** Shown when the pointer rests on it. */
  readonly hint?: string;
  readonly text: string;
  /** What a script reads. */
  readonly value?: number | string;
}

/** A list of terms and figures. Each `dd` carries its raw value in `data-value`, under `data-figure`. */
export function figureList(label: string, rows: readonly FigureRow[]): TemplateResult {
  return html`<dl class="figures" aria-label=${label}>
    ${rows.map(
      ({ key, label: term, hint, text, value }) =>
        html`<div title=${ifDefined(hint)}>
          <dt>${term}</dt>
          <dd data-figure=${key} data-value=${ifDefined(value)}>${text}</dd>
        </div>`,
    )}
  </dl>`;
}
