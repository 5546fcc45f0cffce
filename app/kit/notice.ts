import { html, nothing, render, type TemplateResult } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import { words } from "../words/words.ts";
import { type Explanation, explain, isAbort } from "./messages.ts";

export interface NoticeOptions {
  readonly tone?: "error" | "warning";
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Default: only where there is no action, which would be lost with the notice. */
  readonly dismissable?: boolean;
}

/** At most this many notices stand at once; the oldest goes. */
const MAX_NOTICES = 3;

interface Notice extends NoticeOptions {
  /** The same problem again replaces itself, and is said again. */
  readonly key: string;
  readonly id: number;
  readonly explanation: Explanation;
}

/** A place where problems appear, newest last. The same problem again replaces itself. */
export class NoticeBoard {
  readonly #root: HTMLElement;
  #shown: readonly Notice[] = [];
  #lastId = 0;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  show(explanation: Explanation, options: NoticeOptions = {}): void {
    const key = `${explanation.code} ${explanation.detail}`;
    this.#lastId += 1;
    const others = this.#shown.filter((notice) => notice.key !== key).slice(1 - MAX_NOTICES);
    this.#draw([...others, { ...options, key, id: this.#lastId, explanation }]);
  }

  clear(): void {
    this.#draw([]);
  }

  #draw(shown: readonly Notice[]): void {
    this.#shown = shown;
    render(
      html`${repeat(
        shown,
        ({ id }) => id,
        (notice) => this.#notice(notice),
      )}`,
      this.#root,
    );
  }

  /** A problem as a person reads it: cause, way out, and what was said underneath. */
  #notice(notice: Notice): TemplateResult {
    const { explanation, tone = "error", action, dismissable = action === undefined } = notice;
    const { code, cause, remedy, detail } = explanation;
    const dismiss = (): void => this.#draw(this.#shown.filter((each) => each !== notice));
    return html`<section
      class="notice notice-${tone}" role=${tone === "error" ? "alert" : "status"} data-code=${code}>
      <div class="notice-text">
        <p class="notice-cause">${cause}</p>
        <p>${remedy}</p>
        ${
          detail === ""
            ? nothing
            : html`<details><summary>${words.common.details}</summary><code>${code}: ${detail}</code></details>`
        }
      </div>
      <div class="notice-actions">
        ${
          action === undefined
            ? nothing
            : html`<button type="button" class="button small" @click=${action.run}>${action.label}</button>`
        }
        ${
          dismissable
            ? html`<button type="button" class="button small quiet" @click=${dismiss}>${words.common.dismiss}</button>`
            : nothing
        }
      </div>
    </section>`;
  }
}

/** Shows whatever no one caught, so that nothing fails silently. */
export function showUnforeseen(board: NoticeBoard): void {
  const show = (thrown: unknown): void => {
    if (!isAbort(thrown)) board.show(explain(thrown));
  };
  // `error` is absent for a script that failed to load; the message is all there is.
  window.addEventListener("error", (event) => show(event.error ?? event.message));
  window.addEventListener("unhandledrejection", (event) => show(event.reason));
}
