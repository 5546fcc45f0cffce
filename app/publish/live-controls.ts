import { html, type TemplateResult } from "lit-html";
import { icon } from "../kit/icon.ts";
import { words } from "../words/words.ts";

/** Something one can do while live: a button, and a key. */
export interface LiveControl {
  readonly key: string;
  readonly icon: string;
  /** Read when it is drawn: some say what they will do next. */
  readonly label: () => string;
  /** What the list of keys says. */
  readonly about: string;
  /** Something unusual goes on because of it, and pressing it again ends that. */
  readonly active?: () => boolean;
  readonly shown?: () => boolean;
  readonly disabled?: () => boolean;
  readonly kind?: "danger" | "quiet";
  readonly run: () => void;
}

export function liveControls(controls: readonly LiveControl[]): TemplateResult {
  return html`<div class="live-controls" role="group" aria-label=${words.publish.controls.label}>
    ${controls
      .filter(({ shown }) => shown?.() ?? true)
      .map(
        ({ key, icon: picture, label, active, disabled, kind, run }) =>
          html`<button type="button" class="button ${kind ?? ""}" ?data-active=${active?.() ?? false} aria-keyshortcuts=${key}
            ?disabled=${disabled?.() ?? false} @click=${run}>
            ${icon(picture)}<span>${label()}</span><kbd aria-hidden="true">${key.toUpperCase()}</kbd>
          </button>`,
      )}
  </div>`;
}

/** Keys that belong to what is typed into, or to a menu that is open. */
const TYPED_INTO = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";

/** Runs the control whose key is pressed, while `enabled()`. */
export function listenForKeys(
  controls: readonly LiveControl[],
  { enabled, signal }: { readonly enabled: () => boolean; readonly signal: AbortSignal },
): void {
  window.addEventListener(
    "keydown",
    (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented || !enabled())
        return;
      if (event.target instanceof Element && event.target.closest(TYPED_INTO) !== null) return;
      const control = controls.find(({ key }) => key === event.key.toLowerCase());
      if (control === undefined || control.shown?.() === false || control.disabled?.() === true) return;
      event.preventDefault();
      control.run();
    },
    { signal },
  );
}
