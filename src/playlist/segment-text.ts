import type { Msn, PartId } from "../model/ids.ts";
import { type KeyState, NO_KEY, outlives } from "./key-tags.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import { programDateTime, seconds, type Ticks } from "./tags.ts";

/** An init segment by the numbers in its URI. */
export interface InitRef {
  readonly epoch: string;
  readonly index: number;
}

/** What holds for a segment's media. */
export interface MediaState {
  readonly init: InitRef;
  readonly keys: KeyState;
}

/** Bits of what a segment's own lines state, since it differs from what held before it. */
export const STATES_INIT = 1;
export const STATES_KEYS = 2;
/** The keys before are taken out of effect. */
const CLEARS_KEYS = 4;

/** What a segment under `next` has to state behind one under `before`. */
export function statesBetween(before: MediaState, next: MediaState): number {
  const statesInit = !isSameInit(before.init, next.init);
  const statesKeys = statesInit || before.keys.lines !== next.keys.lines;
  // 4.4.4.4: a KEY holds for a MAP behind it too. Ours are clear, so the MAP stands before the keys, behind a NONE if need be.
  const clears = outlives(before.keys, next.keys) || (statesInit && before.keys.opaque);
  return (statesInit ? STATES_INIT : 0) | (statesKeys ? STATES_KEYS : 0) | (clears ? CLEARS_KEYS : 0);
}

export function isSameInit(one: InitRef, other: InitRef): boolean {
  return one.index === other.index && one.epoch === other.epoch;
}

export function initUri({ epoch, index }: InitRef): string {
  return `${epoch}/init-${index}.mp4`;
}

export function partUri({ container }: ManifestConfig, epoch: string, id: PartId): string {
  return `${epoch}/part-${id}.${container}`;
}

export function segmentUri({ container }: ManifestConfig, epoch: string, msn: Msn): string {
  return `${epoch}/seg-${msn}.${container}`;
}

/** EXT-X-MAP; text and transport streams have none. */
export function mapLine({ container }: ManifestConfig, init: InitRef): string {
  return container !== "mp4" ? "" : `#EXT-X-MAP:URI="${initUri(init)}"\n`;
}

/** The lines that stand before a segment's first part (4.4.4.9). */
export function openingText(
  config: ManifestConfig,
  {
    init,
    keys,
    states,
    discontinuity,
    wallMs,
  }: MediaState & {
    readonly states: number;
    readonly discontinuity: boolean;
    readonly wallMs: number;
  },
): string {
  return (
    (discontinuity ? "#EXT-X-DISCONTINUITY\n" : "") +
    (states & CLEARS_KEYS ? NO_KEY : "") +
    (states & STATES_INIT ? mapLine(config, init) : "") +
    (states & STATES_KEYS ? keys.lines : "") +
    programDateTime(wallMs)
  );
}

/** A part's line: it is found in a file of its own, or in its segment behind the `offset` bytes which that holds already. */
export function partLine(
  config: ManifestConfig,
  part: {
    readonly epoch: string;
    readonly msn: Msn;
    readonly id: PartId;
    readonly ticks: Ticks;
    readonly offset: number;
    readonly sizeBytes: number;
    readonly independent: boolean;
    readonly gap: boolean;
  },
): string {
  const { epoch, msn, id, ticks, offset, sizeBytes, independent, gap } = part;
  // A gap has no bytes, and its URI answers 404 (rule 25).
  const place =
    config.parts === "files" || gap
      ? `URI="${partUri(config, epoch, id)}"`
      : `URI="${segmentUri(config, epoch, msn)}",BYTERANGE="${sizeBytes}@${offset}"`;
  const flags = (independent ? ",INDEPENDENT=YES" : "") + (gap ? ",GAP=YES" : "");
  return `#EXT-X-PART:DURATION=${seconds(ticks)},${place}${flags}\n`;
}

/** The lines that close a segment. */
export function closingText(
  config: ManifestConfig,
  {
    epoch,
    msn,
    ticks,
    gap,
  }: { readonly epoch: string; readonly msn: Msn; readonly ticks: Ticks; readonly gap: boolean },
): string {
  return `${gap ? "#EXT-X-GAP\n" : ""}#EXTINF:${seconds(ticks)},\n${segmentUri(config, epoch, msn)}\n`;
}
