import { html, type TemplateResult } from "lit-html";
import { View } from "../kit/view.ts";
import { words } from "../words/words.ts";
import type { Levels } from "./levels.ts";

/** Quieter than this is drawn, and said, as silence. */
const FLOOR_DB = -60;
/** A peak stays marked for so long. */
const HOLD_MS = 1_500;
/** What assistive technology reads changes no more often. */
const SAY_EVERY_MS = 1_000;

interface Held {
  readonly db: number;
  readonly untilMs: number;
}

/** A bar for each channel: how loud it is, and how loud it has just been. */
export class LevelMeters extends View<HTMLDivElement> {
  #channels = 0;
  #held: Held[] = [];
  #saidMs = 0;

  constructor() {
    super(document.createElement("div"));
    this.root.className = "meters";
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", words.publish.meters.label);
  }

  /** Written into the bars without drawing anew: it comes with each picture. */
  show(levels: Levels): void {
    if (levels.length !== this.#channels) {
      this.#channels = levels.length;
      this.#held = [];
      this.draw();
    }
    const nowMs = performance.now();
    const say = nowMs - this.#saidMs >= SAY_EVERY_MS;
    if (say) this.#saidMs = nowMs;
    for (const [index, { peakDb, rmsDb }] of levels.entries()) {
      const bar = this.root.children[index];
      if (!(bar instanceof HTMLElement)) continue;
      const held = this.#hold(index, peakDb, nowMs);
      bar.style.setProperty("--level", share(rmsDb));
      bar.style.setProperty("--peak", share(held));
      bar.toggleAttribute("data-clipping", held > -1);
      if (!say) continue;
      bar.setAttribute("aria-valuenow", String(Math.round(clamped(held))));
      bar.setAttribute("aria-valuetext", words.publish.meters.level(held > FLOOR_DB ? held : undefined));
    }
  }

  protected override template(): TemplateResult {
    const names = words.publish.meters.channels(this.#channels);
    return html`${names.map(
      (name) =>
        html`<div class="meter" role="meter" aria-label=${name} aria-valuemin=${FLOOR_DB} aria-valuemax="0" aria-valuenow=${FLOOR_DB}></div>`,
    )}`;
  }

  #hold(index: number, peakDb: number, nowMs: number): number {
    const held = this.#held[index];
    if (held !== undefined && held.db > peakDb && held.untilMs > nowMs) return held.db;
    this.#held[index] = { db: peakDb, untilMs: nowMs + HOLD_MS };
    return peakDb;
  }
}

const clamped = (db: number): number => Math.min(0, Math.max(FLOOR_DB, db));
const share = (db: number): string => (1 - clamped(db) / FLOOR_DB).toFixed(3);
