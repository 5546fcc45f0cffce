import { h, setText } from "../kit/dom.ts";
import { clockTime, timeOfDay } from "../kit/format.ts";
import type { PlaybackStats } from "./player.ts";

/** How far one press goes back. */
export const BACK_MS = 10_000;
/** Further behind than this is not live. */
export const BEHIND_MS = 3_000;

/** Back, and to live, by button and by key; and which moment it is that one sees. */
export class RewindBar {
  readonly element: HTMLElement;
  readonly #moment = h("p", { class: "moment" });
  readonly #back = h(
    "button",
    { type: "button", class: "button small", "aria-keyshortcuts": "J" },
    "Back 10 s",
    key("J"),
  );
  readonly #live = h(
    "button",
    { type: "button", class: "button small", "aria-keyshortcuts": "L", hidden: true },
    "Jump to live",
    key("L"),
  );
  readonly #onBack: () => void;
  readonly #onLive: () => void;

  /** Single keys count while the focus is inside `region`: elsewhere they belong to the browser and to assistive software. */
  constructor(region: HTMLElement, actions: { readonly back: () => void; readonly live: () => void }) {
    this.#onBack = actions.back;
    this.#onLive = actions.live;
    this.element = h(
      "div",
      { class: "rewind-bar", hidden: true },
      this.#moment,
      h("div", { class: "rewind-buttons" }, this.#back, this.#live),
    );
    this.#back.addEventListener("click", this.#onBack);
    this.#live.addEventListener("click", this.#onLive);
    region.addEventListener("keydown", (event) => this.#press(event));
  }

  /** `behindMs` is undefined of a stream that has no live moment any more. */
  show(stats: PlaybackStats, behindMs: number | undefined): void {
    this.element.hidden = stats.width === 0 && stats.positionMs === 0;
    const wall = stats.playheadWallMs;
    const length = clockTime(stats.windowMs);
    const reach = behindMs === undefined ? `${length} in all` : `goes back ${length}`;
    setText(this.#moment, wall > 0 ? `${timeOfDay(wall)} · ${reach}` : reach);
    this.#moment.dataset.wallMs = String(wall);
    const reachable = behindMs !== undefined;
    if (!reachable && document.activeElement === this.#live) this.#back.focus();
    this.#live.hidden = !reachable;
    // Not disabled, which would take the focus from who has just pressed it.
    this.#live.setAttribute("aria-disabled", String(reachable && behindMs < BEHIND_MS));
  }

  #press(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey || this.element.hidden) return;
    if (event.target instanceof HTMLInputElement) return;
    const pressed = event.key.toLowerCase();
    if (pressed === "j") this.#onBack();
    else if (pressed === "l" && !this.#live.hidden) this.#onLive();
    else return;
    event.preventDefault();
  }
}

function key(name: string): HTMLElement {
  return h("kbd", { "aria-hidden": "true" }, name);
}
