import { html, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";

/** What is offered; how far viewers are behind with each was measured with hls.js, from the drawing of a picture to its showing. */
const OFFERED_MS = [200, 333, 500, 1000] as const;

const isOffered = (partTargetMs: number): partTargetMs is (typeof OFFERED_MS)[number] =>
  (OFFERED_MS as readonly number[]).includes(partTargetMs);

/** One choice among latencies. A part target that is none of them (`asked`, from the address) is a choice of its own. */
export function latencyField(
  partTargetMs: number,
  asked: number,
  change: (partTargetMs: number) => void,
): TemplateResult {
  const say = words.publish.latency;
  const offered = [...new Set<number>([...OFFERED_MS, asked])].sort((a, b) => a - b);
  const picked = ({ target }: Event): void => {
    if (target instanceof HTMLSelectElement) change(Number(target.value));
  };
  return html`<div class="field">
    <label for="latency">${say.label}</label>
    <select id="latency" aria-describedby="latency-note" @change=${picked}>
      ${offered.map(
        (each) => html`<option value=${each} ?selected=${each === partTargetMs}>
          ${isOffered(each) ? say.offered[each] : say.custom(each)}
        </option>`,
      )}
    </select>
    <p class="note" id="latency-note">${say.note(partTargetMs)}</p>
  </div>`;
}
