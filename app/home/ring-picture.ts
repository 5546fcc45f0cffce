import { html, svg, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";

/** As many as the worker keeps segments of a stream. */
const SEGMENTS = 32;
const SIZE = 240;
const RADIUS = 96;
const CENTRE = SIZE / 2;

/** The ring of segments, the newest one lit; it steps on by one segment every two seconds, as a real one does. */
export function ringPicture(): TemplateResult {
  const segments = Array.from(
    { length: SEGMENTS },
    (_, index) =>
      // The oldest segments are about to leave: they stand just ahead of the head, and fade.
      svg`<rect
        class=${index === 0 ? "ring-head" : "ring-segment"} x=${CENTRE - 5} y=${CENTRE - RADIUS - 15} width="10" height="30" rx="3"
        opacity=${(1 - 0.82 * (index / SEGMENTS)).toFixed(3)}
        transform="rotate(${(-index * 360) / SEGMENTS} ${CENTRE} ${CENTRE})"></rect>`,
  );
  const { ringLabel, ringNote } = words.home;
  return html`<svg class="ring" viewBox="0 0 ${SIZE} ${SIZE}" aria-hidden="true">
    <g class="ring-turn">${segments}</g>
    <text x=${CENTRE} y=${CENTRE - 2} class="ring-label">${ringLabel}</text>
    <text x=${CENTRE} y=${CENTRE + 18} class="ring-note">${ringNote}</text>
  </svg>`;
}
