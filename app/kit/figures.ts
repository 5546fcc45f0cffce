import { html, render } from "lit-html";

export interface Figure<K extends string> {
  readonly key: K;
  readonly label: string;
  /** Shown when the pointer rests on it. */
  readonly hint?: string;
}

/** A list of terms and figures. Each `dd` carries its raw value in `data-value`, under `data-figure`. */
export class Figures<K extends string> {
  readonly element: HTMLDListElement = document.createElement("dl");
  readonly #cells = new Map<string, HTMLElement>();

  constructor(label: string, figures: readonly Figure<K>[]) {
    this.element.className = "figures";
    this.element.setAttribute("aria-label", label);
    render(
      figures.map(
        ({ key, label: term, hint }) =>
          html`<div title=${hint ?? ""}><dt>${term}</dt><dd data-figure=${key}>–</dd></div>`,
      ),
      this.element,
    );
    for (const cell of this.element.querySelectorAll("dd")) this.#cells.set(cell.dataset.figure ?? "", cell);
  }

  /** Shows `text` for `key`; `value` is what a script reads. */
  set(key: K, text: string, value?: number | string): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) return;
    // Only what changed: a selection in the text survives.
    if (cell.textContent !== text) cell.textContent = text;
    if (value === undefined) delete cell.dataset.value;
    else cell.dataset.value = String(value);
  }
}
