import { integerOf } from "./attributes.ts";
import { allSegments, hintOf, type ListedPart, type ListedSegment, type MediaPlaylist } from "./media-playlist.ts";

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

/** What was hinted, and what came. */
export interface HintOutcome {
  readonly uri: string;
  readonly startBytes: number;
  readonly next: NextPart;
  /** `changed`: the plan did, with a discontinuity, and what was hinted is never published (6.2.6). */
  readonly outcome: "kept" | "changed" | "broken";
}

const hasRanges = ({ parts }: ListedSegment): boolean => parts.some(({ range }) => range !== undefined);

/** What came of the PART hint of `before`; undefined where nothing came yet, or no hint could have named it. */
export function outcomeOfHint(before: MediaPlaylist, after: MediaPlaylist): HintOutcome | undefined {
  const hint = hintOf(before, "PART");
  const uri = hint?.values.get("URI");
  if (uri === undefined) return undefined;
  const next = nextPartOf(before, after);
  if (next === undefined) return undefined;
  const startBytes = integerOf(hint?.values.get("BYTERANGE-START")) ?? 0;
  // A range at the end of a growing segment cannot name the next one (4.4.5.3).
  if (next.opensSegment && startBytes > 0) return undefined;
  const { part, segment, opensSegment } = next;
  // Nor has a gap any bytes to be a range of.
  if (part.gap && part.range === undefined && allSegments(before).some(hasRanges)) return undefined;
  if (part.uri === uri && (part.range?.offsetBytes ?? 0) === startBytes)
    return { uri, startBytes, next, outcome: "kept" };
  return { uri, startBytes, next, outcome: opensSegment && segment.discontinuity ? "changed" : "broken" };
}
