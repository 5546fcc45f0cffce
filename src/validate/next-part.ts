import { integerOf } from "../reader/attributes.ts";
import {
  allSegments,
  hintOf,
  type ListedPart,
  type ListedSegment,
  lastPosition,
  type MediaPlaylist,
  type Position,
} from "../reader/media-playlist.ts";

export interface NextPart {
  readonly part: ListedPart;
  readonly segment: ListedSegment;
  readonly opensSegment: boolean;
}

/** The part that came right after the last of `before`, if the later playlist still lists both. */
export function nextPartOf(before: MediaPlaylist, after: MediaPlaylist): NextPart | undefined {
  const last = allSegments(before).at(-1)?.parts.at(-1);
  if (last === undefined) return undefined;
  const segments = allSegments(after);
  for (let i = segments.length - 1; i >= 0; i--) {
    const segment = segments[i];
    if (segment === undefined) continue;
    const at = segment.parts.findIndex(
      ({ uri, range }) => uri === last.uri && range?.offsetBytes === last.range?.offsetBytes,
    );
    if (at < 0) continue;
    const inSame = segment.parts[at + 1];
    if (inSame !== undefined) return { part: inSame, segment, opensSegment: false };
    const next = segments[i + 1];
    const first = next?.parts[0];
    return next === undefined || first === undefined ? undefined : { part: first, segment: next, opensSegment: true };
  }
  return undefined;
}

/** What was hinted, and what came of it. */
export interface HintOutcome {
  readonly uri: string;
  readonly startBytes: number;
  /** The part that came; undefined where the hint changed, or the stream ended, before any did. */
  readonly next: NextPart | undefined;
  /** `dropped`: the plan changed, and what was hinted is never published (6.2.6). */
  readonly outcome: "kept" | "dropped" | "broken";
}

const hasRanges = ({ parts }: ListedSegment): boolean => parts.some(({ range }) => range !== undefined);

/** What came of the PART hint of `before`; undefined while that is open, and where no hint could have named it. */
export function outcomeOfHint(before: MediaPlaylist, after: MediaPlaylist): HintOutcome | undefined {
  const hint = partHintOf(before);
  if (hint === undefined) return undefined;
  const next = nextPartOf(before, after);
  if (next === undefined) {
    const now = partHintOf(after);
    const isOpen = now?.uri === hint.uri && now.startBytes === hint.startBytes;
    // A later part has come where its predecessor is not listed any more: then nothing can be told.
    const isSame = samePosition(lastPosition(before), lastPosition(after));
    return isOpen || !isSame || hint.startBytes > 0 ? undefined : { ...hint, next, outcome: "dropped" };
  }
  const { part, segment, opensSegment } = next;
  // A range at the end of a growing segment cannot name the next one (4.4.5.3).
  if (opensSegment && hint.startBytes > 0) return undefined;
  // Nor has a gap any bytes to be a range of.
  if (part.gap && part.range === undefined && allSegments(before).some(hasRanges)) return undefined;
  const isKept = part.uri === hint.uri && (part.range?.offsetBytes ?? 0) === hint.startBytes;
  // What a discontinuity may change is what a producer plans, or who produces.
  const isDropped = opensSegment && segment.discontinuity;
  return { ...hint, next, outcome: isKept ? "kept" : isDropped ? "dropped" : "broken" };
}

function partHintOf(playlist: MediaPlaylist): { readonly uri: string; readonly startBytes: number } | undefined {
  const values = hintOf(playlist, "PART")?.values;
  const uri = values?.get("URI");
  return uri === undefined ? undefined : { uri, startBytes: integerOf(values?.get("BYTERANGE-START")) ?? 0 };
}

const samePosition = (a: Position | undefined, b: Position | undefined): boolean =>
  a !== undefined && a.msn === b?.msn && a.part === b.part;
