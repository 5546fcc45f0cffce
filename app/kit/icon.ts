import { html, type TemplateResult } from "lit-html";

/** A picture from `public/icons.svg`; what it means stands in words beside it. */
export function icon(name: string): TemplateResult {
  return html`<svg class="icon" aria-hidden="true"><use href="/icons.svg#${name}"></use></svg>`;
}
