import {
  type Attributes,
  integerOf,
  type ListedRange,
  listedRangeOf,
  millisecondsOf,
  readAttributes,
} from "./attributes.ts";

/** Numbers of lines count from 1. */
export type LineNumber = number;

/** A resource that a playlist names, or a range of one. */
export interface ListedResource {
  readonly uri: string;
  readonly range?: { readonly offsetBytes: number; readonly lengthBytes: number };
}

export interface ListedPart extends ListedResource {
  readonly line: LineNumber;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly gap: boolean;
  /** Its BYTERANGE as written. */
  readonly listedRange?: ListedRange;
}

export interface ListedSegment {
  readonly msn: number;
  readonly firstLine: LineNumber;
  readonly lastLine: LineNumber;
  readonly discontinuity: boolean;
  readonly gap: boolean;
  readonly parts: readonly ListedPart[];
  /** In effect; undefined in a delta before its first MAP too. */
  readonly map?: ListedResource;
  /** METHOD of the KEY in effect. */
  readonly encryption?: string;
  readonly programDateTime?: string;
  /** Absent while it is open. */
  readonly durationMs?: number;
  readonly resource?: ListedResource;
}

export interface ListedAttributes {
  readonly line: LineNumber;
  readonly values: Attributes;
}

/** A line that could not be read as what it says it is. */
export interface LineProblem {
  readonly line: LineNumber;
  readonly message: string;
}

/** One answer of a Media Playlist, read without judging: what is wrong with it is for the rules to say. */
export interface MediaPlaylist {
  readonly url: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly problems: readonly LineProblem[];
  /** Lines of each tag, by its name without `#`. */
  readonly tags: ReadonlyMap<string, readonly LineNumber[]>;
  readonly version: number;
  readonly targetDurationMs: number | undefined;
  readonly partTargetMs: number | undefined;
  readonly control: Attributes;
  readonly mediaSequence: number;
  readonly discontinuitySequence: number;
  readonly playlistType: string | undefined;
  /** Closed segments; in a delta those that were not skipped. */
  readonly segments: readonly ListedSegment[];
  readonly open: ListedSegment | undefined;
  readonly skip: { readonly line: LineNumber; readonly count: number; readonly values: Attributes } | undefined;
  readonly hints: readonly ListedAttributes[];
  readonly reports: readonly ListedAttributes[];
  readonly dateRanges: readonly ListedAttributes[];
  readonly ended: boolean;
}

type Draft = {
  firstLine: LineNumber | undefined;
  discontinuity: boolean;
  gap: boolean;
  parts: ListedPart[];
  programDateTime?: string;
  durationMs?: number;
  range?: ListedRange;
};

const emptyDraft = (): Draft => ({ firstLine: undefined, discontinuity: false, gap: false, parts: [] });

/**
 * Reads a Media Playlist line by line, whatever is in it. A reader of its own, since findings name raw lines and their order,
 * which libraries drop.
 */
export function parseMediaPlaylist(text: string, url: string): MediaPlaylist {
  return new Reader(text, url).read();
}

class Reader {
  readonly #url: string;
  readonly #text: string;
  readonly #lines: readonly string[];
  readonly #problems: LineProblem[] = [];
  readonly #tags = new Map<string, LineNumber[]>();
  readonly #values = new Map<string, string>();
  readonly #segments: ListedSegment[] = [];
  readonly #hints: ListedAttributes[] = [];
  readonly #reports: ListedAttributes[] = [];
  readonly #dateRanges: ListedAttributes[] = [];
  #skip: MediaPlaylist["skip"];
  #map: ListedResource | undefined;
  #encryption: string | undefined;
  #draft = emptyDraft();
  #msn: number;
  /** Where a range without offset goes on, by URI. */
  #rangeEnd: { readonly uri: string; readonly offsetBytes: number } | undefined;
  #line = 0;

  constructor(text: string, url: string) {
    this.#url = url;
    this.#text = text;
    this.#lines = text.replace(/\r?\n$/, "").split(/\r?\n/);
    const sequence = this.#lines.find((line) => line.startsWith("#EXT-X-MEDIA-SEQUENCE:"));
    this.#msn = integerOf(sequence?.slice(22)) ?? 0;
  }

  read(): MediaPlaylist {
    for (const line of this.#lines) {
      this.#line += 1;
      const clean = line.replace(/^\uFEFF/, "");
      if (clean.startsWith("#EXT")) this.#tag(clean);
      else if (clean.trim() !== "" && !clean.startsWith("#")) this.#uri(clean);
    }
    const open = this.#draft.firstLine === undefined ? undefined : this.#finish(undefined, this.#line);
    const targetDuration = millisecondsOf(this.#values.get("EXT-X-TARGETDURATION"));
    return {
      url: this.#url,
      text: this.#text,
      lines: this.#lines,
      problems: this.#problems,
      tags: this.#tags,
      version: integerOf(this.#values.get("EXT-X-VERSION")) ?? 1,
      targetDurationMs: targetDuration,
      partTargetMs: millisecondsOf(readAttributes(this.#values.get("EXT-X-PART-INF") ?? "").values.get("PART-TARGET")),
      control: readAttributes(this.#values.get("EXT-X-SERVER-CONTROL") ?? "").values,
      mediaSequence: integerOf(this.#values.get("EXT-X-MEDIA-SEQUENCE")) ?? 0,
      discontinuitySequence: integerOf(this.#values.get("EXT-X-DISCONTINUITY-SEQUENCE")) ?? 0,
      playlistType: this.#values.get("EXT-X-PLAYLIST-TYPE"),
      segments: this.#segments,
      open,
      skip: this.#skip,
      hints: this.#hints,
      reports: this.#reports,
      dateRanges: this.#dateRanges,
      ended: this.#tags.has("EXT-X-ENDLIST"),
    };
  }

  #tag(line: string): void {
    const colon = line.indexOf(":");
    const tag = line.slice(1, colon < 0 ? undefined : colon);
    const value = colon < 0 ? "" : line.slice(colon + 1);
    const sameTag = this.#tags.get(tag);
    if (sameTag === undefined) this.#tags.set(tag, [this.#line]);
    else sameTag.push(this.#line);
    if (!this.#values.has(tag)) this.#values.set(tag, value);
    switch (tag) {
      case "EXTINF": {
        const durationMs = millisecondsOf(value.split(",")[0]?.trim());
        if (durationMs === undefined) this.#problem(`EXTINF: expected a duration, got ${value}`);
        this.#touch().durationMs = durationMs ?? 0;
        return;
      }
      case "EXT-X-PART":
        this.#part(value);
        return;
      case "EXT-X-DISCONTINUITY":
        this.#touch().discontinuity = true;
        return;
      case "EXT-X-GAP":
        this.#touch().gap = true;
        return;
      case "EXT-X-PROGRAM-DATE-TIME":
        this.#touch().programDateTime = value;
        return;
      case "EXT-X-BYTERANGE": {
        const range = listedRangeOf(value);
        if (range === undefined) this.#problem(`EXT-X-BYTERANGE: expected <n>[@<o>], got ${value}`);
        else this.#touch().range = range;
        return;
      }
      case "EXT-X-MAP": {
        const { values } = this.#attributes(value);
        this.#map = { uri: values.get("URI") ?? "", ...this.#wholeRange(listedRangeOf(values.get("BYTERANGE")), 0) };
        return;
      }
      case "EXT-X-KEY": {
        const method = this.#attributes(value).values.get("METHOD");
        this.#encryption = method === "NONE" ? undefined : method;
        return;
      }
      case "EXT-X-SKIP": {
        const { values } = this.#attributes(value);
        const count = integerOf(values.get("SKIPPED-SEGMENTS")) ?? 0;
        if (this.#skip !== undefined) return;
        this.#skip = { line: this.#line, count, values };
        this.#msn += count;
        return;
      }
      case "EXT-X-PRELOAD-HINT":
        this.#hints.push(this.#attributes(value));
        return;
      case "EXT-X-RENDITION-REPORT":
        this.#reports.push(this.#attributes(value));
        return;
      case "EXT-X-DATERANGE":
        this.#dateRanges.push(this.#attributes(value));
        return;
      case "EXT-X-SERVER-CONTROL":
      case "EXT-X-PART-INF":
      case "EXT-X-START":
        this.#attributes(value);
        return;
      default:
        return;
    }
  }

  #part(value: string): void {
    const { values } = this.#attributes(value);
    const uri = values.get("URI");
    const durationMs = millisecondsOf(values.get("DURATION"));
    if (uri === undefined || durationMs === undefined) {
      this.#problem("EXT-X-PART: expected URI and DURATION");
      return;
    }
    const listedRange = listedRangeOf(values.get("BYTERANGE"));
    const continued = this.#rangeEnd?.uri === uri ? this.#rangeEnd.offsetBytes : 0;
    const resource = { uri, ...this.#wholeRange(listedRange, continued) };
    if (resource.range !== undefined) {
      this.#rangeEnd = { uri, offsetBytes: resource.range.offsetBytes + resource.range.lengthBytes };
    }
    this.#touch().parts.push({
      ...resource,
      line: this.#line,
      durationMs,
      independent: values.get("INDEPENDENT") === "YES",
      gap: values.get("GAP") === "YES",
      ...(listedRange === undefined ? {} : { listedRange }),
    });
  }

  #uri(uri: string): void {
    const { range } = this.#draft;
    const previous = this.#segments.at(-1)?.resource;
    const continued =
      previous?.uri === uri && previous.range !== undefined
        ? previous.range.offsetBytes + previous.range.lengthBytes
        : 0;
    this.#touch();
    if (this.#draft.durationMs === undefined) this.#problem(`${uri}: expected an EXTINF before it`);
    this.#segments.push(this.#finish({ uri, ...this.#wholeRange(range, continued) }, this.#line));
  }

  #wholeRange(listed: ListedRange | undefined, continuedBytes: number): Pick<ListedResource, "range"> {
    if (listed === undefined) return {};
    return { range: { offsetBytes: listed.offsetBytes ?? continuedBytes, lengthBytes: listed.lengthBytes } };
  }

  #finish(resource: ListedResource | undefined, lastLine: LineNumber): ListedSegment {
    const { firstLine = lastLine, range: _, ...draft } = this.#draft;
    this.#draft = emptyDraft();
    const segment: ListedSegment = {
      ...draft,
      firstLine,
      lastLine,
      msn: this.#msn,
      ...(this.#map === undefined ? {} : { map: this.#map }),
      ...(this.#encryption === undefined ? {} : { encryption: this.#encryption }),
      ...(resource === undefined ? {} : { resource }),
    };
    this.#msn += 1;
    return segment;
  }

  #touch(): Draft {
    this.#draft.firstLine ??= this.#line;
    return this.#draft;
  }

  #attributes(text: string): ListedAttributes {
    const { values, problems } = readAttributes(text);
    for (const problem of problems) this.#problem(problem);
    return { line: this.#line, values };
  }

  #problem(message: string): void {
    this.#problems.push({ line: this.#line, message });
  }
}

/** Every segment that is listed, the open one last. */
export function allSegments({ segments, open }: MediaPlaylist): readonly ListedSegment[] {
  return open === undefined ? segments : [...segments, open];
}

/** What a segment lasts: its EXTINF, or its parts so far. */
export function segmentMs({ durationMs, parts }: ListedSegment): number {
  return durationMs ?? parts.reduce((sum, part) => sum + part.durationMs, 0);
}

export interface Position {
  readonly msn: number;
  readonly part: number;
}

/** The last part; of a segment whose parts are not listed, a position after any. */
export function lastPosition(playlist: MediaPlaylist): Position | undefined {
  const { open, segments } = playlist;
  if (open !== undefined && open.parts.length > 0) return { msn: open.msn, part: open.parts.length - 1 };
  const last = segments.at(-1);
  return last && { msn: last.msn, part: last.parts.length > 0 ? last.parts.length - 1 : Number.MAX_SAFE_INTEGER };
}

/** Where the next part is expected, as far as a client can tell: it cannot know whether it opens a segment. */
export function nextPosition({ open, segments, mediaSequence }: MediaPlaylist): Position {
  if (open !== undefined) return { msn: open.msn, part: open.parts.length };
  return { msn: (segments.at(-1)?.msn ?? mediaSequence - 1) + 1, part: 0 };
}

/** Wall clock of the end of the last part, by its PROGRAM-DATE-TIME; undefined without one. */
export function endWallMs(playlist: MediaPlaylist): number | undefined {
  let wallMs: number | undefined;
  for (const segment of allSegments(playlist)) {
    const stated = segment.programDateTime === undefined ? Number.NaN : Date.parse(segment.programDateTime);
    if (!Number.isNaN(stated)) wallMs = stated;
    if (wallMs !== undefined) wallMs += segmentMs(segment);
  }
  return wallMs;
}

/** The hint of one TYPE. */
export function hintOf(playlist: MediaPlaylist, type: "PART" | "MAP"): ListedAttributes | undefined {
  return playlist.hints.find(({ values }) => values.get("TYPE") === type);
}

/**
 * What a player makes of a delta: the segments it has in place of the SKIP (6.3.7). Undefined where it lacks one of them.
 */
export function mergeDelta(base: MediaPlaylist, delta: MediaPlaylist): MediaPlaylist | undefined {
  const known = new Map(base.segments.map((segment) => [segment.msn, segment]));
  const skipped: ListedSegment[] = [];
  for (let msn = delta.mediaSequence; msn < delta.mediaSequence + (delta.skip?.count ?? 0); msn++) {
    const segment = known.get(msn);
    if (segment === undefined) return undefined;
    // Part tags this far from the end have gone (6.2.2), and a player drops its own.
    skipped.push({ ...segment, parts: [] });
  }
  const before = skipped.at(-1);
  // From its first KEY on, which may be NONE, a delta says itself what is in effect.
  const firstKeyLine = Math.min(...(delta.tags.get("EXT-X-KEY") ?? []));
  const inherit = (segment: ListedSegment): ListedSegment => ({
    ...segment,
    ...(segment.map === undefined && before?.map !== undefined ? { map: before.map } : {}),
    ...(segment.lastLine < firstKeyLine && before?.encryption !== undefined ? { encryption: before.encryption } : {}),
  });
  return {
    ...delta,
    segments: [...skipped, ...delta.segments.map(inherit)],
    open: delta.open && inherit(delta.open),
  };
}
