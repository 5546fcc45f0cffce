import { html, type TemplateResult } from "lit-html";
import { words } from "../words/words.ts";

/** What is offered; how far viewers are behind with each was measured with hls.js, from the drawing of a picture to its showing. */
const OFFERED_MS = [200, 333, 500, 1000] as const;

const isOffered = (partTargetMs: number): partTargetMs is (typeof OFFERED_MS)[number] =>
  (OFFERED_MS as readonly number[]).includes(partTargetMs);

/** One choice among latencies. A part target that is none of them (from the address) is a choice of its own. */
export function latencyField(
  partTargetMs: number,
  asked: number,
  change: (partTargetMs: number) => void,
): TemplateResult {
  const offered = [...new Set<number>([...OFFERED_MS, asked])].sort((a, b) => a - b);
  return html`<fieldset class="choices">
    <legend>${words.publish.latency.legend}</legend>
    ${offered.map((each) => {
      const { name, behind, note } = isOffered(each)
        ? words.publish.latency.offered[each]
        : words.publish.latency.custom(each);
      return html`<label class="choice" title=${words.publish.latency.parts(each)}>
        <input type="radio" name="latency" value=${each} .checked=${each === partTargetMs} @change=${() => change(each)} />
        <span class="choice-name">${behind}</span>
        <span class="choice-note">${name}: ${note}</span>
      </label>`;
    })}
  </fieldset>`;
}
