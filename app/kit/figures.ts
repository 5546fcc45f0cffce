import { h, setText } from "./dom.ts";

export interface Figure<K extends string> {
  readonly key: K;
  readonly label: string;
  /** Shown when the pointer rests on it. */
  readonly hint?: string;
}

/** A list of terms and figures. Each `dd` carries its raw value in `data-value`, under `data-figure`. */
export class Figures<K extends string> {
  readonly element: HTMLDListElement;
  readonly #cells = new Map<K, HTMLElement>();

  constructor(label: string, figures: readonly Figure<K>[]) {
    this.element = h("dl", { class: "figures", "aria-label": label });
    for (const { key, label: term, hint } of figures) {
      const cell = h("dd", { "data-figure": key }, "–");
      this.#cells.set(key, cell);
      this.element.append(h("div", { title: hint }, h("dt", {}, term), cell));
    }
  }

  /** Shows `text` for `key`; `value` is what a script reads. */
  set(key: K, text: string, value?: number | string): void {
    const cell = this.#cells.get(key);
    if (cell === undefined) return;
    setText(cell, text);
    if (value === undefined) delete cell.dataset.value;
    else cell.dataset.value = String(value);
  }
}
