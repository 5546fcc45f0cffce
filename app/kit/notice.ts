import { h } from "./dom.ts";
import { type Explanation, explain, isAbort } from "./messages.ts";

export interface NoticeOptions {
  readonly tone?: "error" | "warning";
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Absent: the notice has no close button. */
  readonly onDismiss?: () => void;
}

/** A problem as a person reads it: cause, way out, and what was said underneath. */
function notice(explanation: Explanation, options: NoticeOptions = {}): HTMLElement {
  const { tone = "error", action, onDismiss } = options;
  const text = h(
    "div",
    { class: "notice-text" },
    h("p", { class: "notice-cause" }, explanation.cause),
    h("p", {}, explanation.remedy),
  );
  const box = h(
    "section",
    { class: `notice notice-${tone}`, role: tone === "error" ? "alert" : "status", "data-code": explanation.code },
    text,
  );
  if (explanation.detail !== "") {
    text.append(
      h("details", {}, h("summary", {}, "Details"), h("code", {}, `${explanation.code}: ${explanation.detail}`)),
    );
  }
  const buttons = h("div", { class: "notice-actions" });
  if (action !== undefined) {
    const button = h("button", { type: "button", class: "button small" }, action.label);
    button.addEventListener("click", action.run);
    buttons.append(button);
  }
  if (onDismiss !== undefined) {
    const button = h("button", { type: "button", class: "button small quiet" }, "Dismiss");
    button.addEventListener("click", onDismiss);
    buttons.append(button);
  }
  if (buttons.childElementCount > 0) box.append(buttons);
  return box;
}

/** At most this many notices stand at once; the oldest goes. */
const MAX_NOTICES = 3;

/** A place where problems appear, newest last. The same problem again replaces itself. */
export class NoticeBoard {
  readonly #root: HTMLElement;
  readonly #shown = new Map<string, HTMLElement>();

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  show(explanation: Explanation, options: Omit<NoticeOptions, "onDismiss"> = {}): void {
    const key = `${explanation.code} ${explanation.detail}`;
    this.#remove(key);
    const oldest = this.#shown.keys().next().value;
    if (this.#shown.size >= MAX_NOTICES && oldest !== undefined) this.#remove(oldest);
    // Where there is something to do, it would be lost with the notice.
    const dismissable = options.action === undefined ? { onDismiss: () => this.#remove(key) } : {};
    const box = notice(explanation, { ...options, ...dismissable });
    this.#shown.set(key, box);
    this.#root.append(box);
  }

  clear(): void {
    for (const key of [...this.#shown.keys()]) this.#remove(key);
  }

  #remove(key: string): void {
    this.#shown.get(key)?.remove();
    this.#shown.delete(key);
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
