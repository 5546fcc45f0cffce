import { html, nothing, type TemplateResult } from "lit-html";
import type { SourceKind } from "../address.ts";
import { words } from "../words/words.ts";
import type { EncodingPower } from "./encoding-power.ts";
import { COPIES, FRAME_RATES, HEIGHTS, isTooMuch, loadOf, type Quality } from "./quality.ts";

interface Entry {
  readonly value: number;
  readonly label: string;
}

/** Size, rate and number of sizes; what this machine does not encode in time is said to be too much. */
export function qualityField(
  quality: Quality,
  {
    kind,
    power,
    change,
    measure,
  }: {
    readonly kind: SourceKind;
    readonly power: EncodingPower;
    readonly change: (quality: Quality) => void;
    readonly measure: () => void;
  },
): TemplateResult {
  const say = words.publish.quality;
  const select = (key: keyof Quality, label: string, entries: readonly Entry[]): TemplateResult => {
    const picked = ({ target }: Event): void => {
      if (target instanceof HTMLSelectElement) change({ ...quality, [key]: Number(target.value) });
    };
    return html`<div class="field">
      <label for="quality-${key}">${label}</label>
      <select id="quality-${key}" aria-describedby="quality-note" @change=${picked}>
        ${entries.map((entry) => {
          const tooMuch = isTooMuch(loadOf({ ...quality, [key]: entry.value }, kind, power.measures));
          return html`<option value=${entry.value} ?selected=${entry.value === quality[key]}>
            ${entry.label}${tooMuch ? say.tooMuch : nothing}
          </option>`;
        })}
      </select>
    </div>`;
  };
  return html`<fieldset class="quality">
    <legend>${say.legend}</legend>
    <div class="field-pair">
      ${select("height", say.height, [{ value: 0, label: say.asItComes }, ...HEIGHTS.map((value) => ({ value, label: say.lines(value) }))])}
      ${select("frameRate", say.frameRate, [{ value: 0, label: say.asItComes }, ...FRAME_RATES.map((value) => ({ value, label: say.rate(value) }))])}
    </div>
    ${select(
      "copies",
      say.copies,
      COPIES.map((value) => ({ value, label: say.copiesOf(value) })),
    )}
    <p class="note" id="quality-note" role="status">
      ${sentence(quality, kind, power)}
      ${power.state === "measuring" ? nothing : html`<button type="button" class="link-button" @click=${measure}>${power.state === "unknown" ? say.measure : say.measureAgain}</button>`}
    </p>
  </fieldset>`;
}

function sentence(quality: Quality, kind: SourceKind, { state, measures }: EncodingPower): string {
  const say = words.publish.quality;
  if (state !== "measured") return say.state[state];
  const best = measures.find(({ realtime }) => realtime);
  if (best === undefined) return say.nothingInTime;
  const load = loadOf(quality, kind, measures);
  if (isTooMuch(load)) return say.over(best.height);
  return `${say.best(best.height, best.frameRate)} ${load === undefined ? "" : say.load(load)}`;
}
