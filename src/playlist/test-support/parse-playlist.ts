/** For tests only: reads a Media Playlist line by line, knowing nothing of how it was written. */

/** Tens of microseconds, read from the decimals without floating point. */
export type ParsedTicks = number;

export type PlaylistText = string | Uint8Array | readonly Uint8Array[];

interface ParsedPart {
  readonly uri: string;
  readonly ticks: ParsedTicks;
  readonly independent: boolean;
  readonly gap: boolean;
}

export interface ParsedSegment {
  readonly msn: number;
  /** URI of the MAP in effect. */
  readonly map: string | undefined;
  /** EXT-X-KEY lines in effect, without their tag; none where it is clear. */
  readonly keys: readonly string[];
  readonly discontinuity: boolean;
  readonly programDateTime: string | undefined;
  readonly parts: readonly ParsedPart[];
  readonly gap: boolean;
  /** Absent while it is open. */
  readonly ticks?: ParsedTicks;
  readonly uri?: string;
}

export interface ParsedPlaylist {
  readonly lines: readonly string[];
  /** Values of the tags that concern the playlist as a whole. */
  readonly header: ReadonlyMap<string, string>;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly targetDurationS: number;
  readonly partTarget: ParsedTicks;
  readonly control: ReadonlyMap<string, string>;
  readonly skipped: number;
  /** Closed segments; in a delta those that were not skipped. */
  readonly segments: readonly ParsedSegment[];
  readonly open: ParsedSegment | undefined;
  readonly hints: readonly ReadonlyMap<string, string>[];
  readonly reports: readonly ReadonlyMap<string, string>[];
  /** Attributes of every EXT-X-DATERANGE, in order. */
  readonly dateRanges: readonly ReadonlyMap<string, string>[];
  /** Ids that a delta names as removed; absent where it does not skip date ranges. */
  readonly removedDateRanges?: readonly string[];
  readonly ended: boolean;
}

interface Draft {
  discontinuity: boolean;
  programDateTime: string | undefined;
  parts: ParsedPart[];
  gap: boolean;
  ticks: ParsedTicks | undefined;
  touched: boolean;
}

const emptyDraft = (): Draft => ({
  discontinuity: false,
  programDateTime: undefined,
  parts: [],
  gap: false,
  ticks: undefined,
  touched: false,
});

/** Reads a decimal-floating-point. Throws on anything else. */
export function ticksOfDecimal(text: string | undefined): ParsedTicks {
  const match = /^(\d+)(?:\.(\d{1,5}))?$/.exec(text ?? "");
  if (match === null) throw new Error(`not a decimal of at most five places: ${String(text)}`);
  return Number(match[1]) * 100_000 + Number((match[2] ?? "").padEnd(5, "0"));
}

/** Reads an attribute list. Throws on a syntax error or an attribute that stands twice (4.2). */
function parseAttributes(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  const pattern = /([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(,|$)/y;
  while (pattern.lastIndex < text.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) throw new Error(`not an attribute list from column ${at}: ${text}`);
    const [, name = "", value = ""] = match;
    if (attributes.has(name)) throw new Error(`attribute ${name} stands twice: ${text}`);
    attributes.set(name, value.replace(/^"|"$/g, ""));
  }
  return attributes;
}

function parsePart(text: string): ParsedPart {
  const attributes = parseAttributes(text);
  const range = attributes.get("BYTERANGE");
  return {
    // A range is part of what names it.
    uri: `${attributes.get("URI") ?? ""}${range === undefined ? "" : `#${range}`}`,
    ticks: ticksOfDecimal(attributes.get("DURATION")),
    independent: attributes.get("INDEPENDENT") === "YES",
    gap: attributes.get("GAP") === "YES",
  };
}

/** The text of a playlist, which may be in chunks that belong together. */
export function textOf(playlist: PlaylistText): string {
  if (typeof playlist === "string") return playlist;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  if (playlist instanceof Uint8Array) return decoder.decode(playlist);
  return playlist.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}

/** Throws on a line it does not know: what these playlists hold is known completely. */
export function parsePlaylist(playlist: PlaylistText): ParsedPlaylist {
  const text = textOf(playlist);
  const lines = text.split("\n");
  if (lines.pop() !== "") throw new Error("expected a line break at the end");
  const header = new Map<string, string>();
  const segments: ParsedSegment[] = [];
  const hints: Map<string, string>[] = [];
  const reports: Map<string, string>[] = [];
  let map: string | undefined;
  let keys: readonly string[] = [];
  let isNewKeySet = true;
  let draft = emptyDraft();
  let skipped = 0;
  let skip: ReadonlyMap<string, string> = new Map();
  const dateRanges: Map<string, string>[] = [];
  let msn = 0;
  const finish = (): ParsedSegment => {
    const { touched: _, ticks, ...rest } = draft;
    draft = emptyDraft();
    return { ...rest, msn: msn++, map, keys, ...(ticks !== undefined && { ticks }) };
  };
  for (const line of lines) {
    if (!line.startsWith("#EXT-X-KEY:")) isNewKeySet = true;
    if (!line.startsWith("#")) {
      segments.push({ ...finish(), uri: line });
      continue;
    }
    const colon = line.indexOf(":");
    const tag = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1);
    if (/^#(EXTINF|EXT-X-(PART|DISCONTINUITY|GAP|PROGRAM-DATE-TIME|MAP))$/.test(tag) && tag !== "#EXT-X-MAP")
      draft.touched = true;
    switch (tag) {
      case "#EXTINF":
        draft.ticks = ticksOfDecimal(value.replace(/,$/, ""));
        break;
      case "#EXT-X-PART":
        draft.parts.push(parsePart(value));
        break;
      case "#EXT-X-DISCONTINUITY":
        draft.discontinuity = true;
        break;
      case "#EXT-X-GAP":
        draft.gap = true;
        break;
      case "#EXT-X-PROGRAM-DATE-TIME":
        draft.programDateTime = value;
        break;
      case "#EXT-X-MAP":
        map = parseAttributes(value).get("URI");
        break;
      case "#EXT-X-KEY":
        // Keys that stand together are of different systems; a later set replaces the one before.
        keys = value === "METHOD=NONE" ? [] : isNewKeySet ? [value] : [...keys, value];
        isNewKeySet = false;
        break;
      case "#EXT-X-SKIP":
        skip = parseAttributes(value);
        skipped = Number(skip.get("SKIPPED-SEGMENTS"));
        msn += skipped;
        break;
      case "#EXT-X-DATERANGE":
        dateRanges.push(parseAttributes(value));
        break;
      case "#EXT-X-PRELOAD-HINT":
        hints.push(parseAttributes(value));
        break;
      case "#EXT-X-RENDITION-REPORT":
        reports.push(parseAttributes(value));
        break;
      case "#EXTM3U":
      case "#EXT-X-VERSION":
      case "#EXT-X-TARGETDURATION":
      case "#EXT-X-SERVER-CONTROL":
      case "#EXT-X-PART-INF":
      case "#EXT-X-MEDIA-SEQUENCE":
      case "#EXT-X-DISCONTINUITY-SEQUENCE":
      case "#EXT-X-PLAYLIST-TYPE":
      case "#EXT-X-ENDLIST":
        header.set(tag.slice(1), value);
        if (tag === "#EXT-X-MEDIA-SEQUENCE") msn = Number(value);
        break;
      default:
        throw new Error(`unknown line: ${line}`);
    }
  }
  const removed = skip.get("RECENTLY-REMOVED-DATERANGES");
  return {
    lines,
    header,
    mediaSequence: Number(header.get("EXT-X-MEDIA-SEQUENCE") ?? 0),
    discontinuitySequence: Number(header.get("EXT-X-DISCONTINUITY-SEQUENCE") ?? 0),
    targetDurationS: Number(header.get("EXT-X-TARGETDURATION")),
    partTarget: ticksOfDecimal(parseAttributes(header.get("EXT-X-PART-INF") ?? "PART-TARGET=0").get("PART-TARGET")),
    control: parseAttributes(header.get("EXT-X-SERVER-CONTROL") ?? ""),
    skipped,
    segments,
    open: draft.touched ? finish() : undefined,
    hints,
    reports,
    dateRanges,
    ...(removed !== undefined && { removedDateRanges: removed.split("\t").filter((id) => id !== "") }),
    ended: header.has("EXT-X-ENDLIST"),
  };
}

/** What a player makes of a delta: its previous playlist's segments in place of the SKIP (6.3.7). Throws where one is missing. */
export function mergeDelta(previous: ParsedPlaylist, delta: ParsedPlaylist): readonly ParsedSegment[] {
  const skipped: ParsedSegment[] = [];
  for (let msn = delta.mediaSequence; msn < delta.mediaSequence + delta.skipped; msn++) {
    const segment = previous.segments.find((candidate) => candidate.msn === msn);
    if (segment === undefined) throw new Error(`the delta skips ${msn}, which the previous playlist does not hold`);
    // Part tags this far from the end have gone (6.2.2), and a player drops its own.
    skipped.push({ ...segment, parts: [] });
  }
  return [...skipped, ...delta.segments, ...(delta.open === undefined ? [] : [delta.open])];
}
