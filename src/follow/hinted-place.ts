import { integerOf } from "../reader/attributes.ts";
import { hintOf, type MediaPlaylist, segmentMs } from "../reader/media-playlist.ts";
import type { PlaceInRendition } from "./follow-events.ts";

export interface Hint {
  readonly uri: string;
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes?: number };
  readonly place: PlaceInRendition;
}

/** Segments whose lengths are the same before that is taken for a rule. */
const MIN_SEEN_SEGMENTS = 2;

/**
 * The part that a playlist hints, where its place can be told. A hint does not say whether its part opens a segment, and a wrong place
 * would cost a swarm a second copy: so it is a range that tells, or that all segments before were as long as each other.
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.5.3
 */
export function hintedPart(playlist: MediaPlaylist): Hint | undefined {
  const values = hintOf(playlist, "PART")?.values;
  const uri = values?.get("URI");
  if (uri === undefined || playlist.ended) return undefined;
  const start = values?.get("BYTERANGE-START");
  const length = integerOf(values?.get("BYTERANGE-LENGTH"));
  const isRange = start !== undefined || length !== undefined;
  const range = { offsetBytes: integerOf(start) ?? 0, ...(length === undefined ? {} : { lengthBytes: length }) };
  const place = placeOf(playlist, { uri, ...(isRange ? { range } : {}) });
  return place && { uri, ...(isRange ? { range } : {}), place };
}

function placeOf(playlist: MediaPlaylist, { uri, range }: Omit<Hint, "place">): PlaceInRendition | undefined {
  const { segments, open, mediaSequence } = playlist;
  const nextMsn = (segments.at(-1)?.msn ?? mediaSequence - 1) + 1;
  if (open === undefined || open.parts.length === 0) return { msn: nextMsn, part: 0 };
  const inOpen = { msn: open.msn, part: open.parts.length };
  const opens = { msn: open.msn + 1, part: 0 };
  const last = open.parts.at(-1);
  const counts = segments.filter(({ parts, gap }) => parts.length > 0 && !gap).map(({ parts }) => parts.length);
  const fewest = Math.min(...counts);
  const isRegular = counts.length >= MIN_SEEN_SEGMENTS && fewest === Math.max(...counts);
  if (range !== undefined && last?.range !== undefined) {
    const isBehind = uri === last.uri && range.offsetBytes === last.range.offsetBytes + last.range.lengthBytes;
    // One file for all segments tells nothing.
    if (isBehind && uri !== segments.at(-1)?.resource?.uri) {
      // An origin that does not know the next part either hints more of this segment, where another opens.
      return isRegular && inOpen.part >= fewest ? undefined : inOpen;
    }
    if (uri !== last.uri) return opens;
  }
  if (counts.length >= MIN_SEEN_SEGMENTS && inOpen.part < fewest) return inOpen;
  if (isRegular && inOpen.part === fewest) return opens;
  // 4.4.3.1: one more part would make it longer than any segment may be.
  const target = playlist.targetDurationMs ?? Number.POSITIVE_INFINITY;
  return segmentMs(open) >= target ? opens : undefined;
}
