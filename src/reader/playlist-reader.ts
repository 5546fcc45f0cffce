import {
  type Attributes,
  integerOf,
  type ListedRange,
  listedRangeOf,
  millisecondsOf,
  readAttributes,
} from "./attributes.ts";
import type {
  LineNumber,
  LineProblem,
  ListedAttributes,
  ListedPart,
  ListedResource,
  ListedSegment,
  MediaPlaylist,
} from "./media-playlist.ts";

/** What stands before a segment's URI. */
interface Draft {
  firstLine: LineNumber | undefined;
  discontinuity: boolean;
  gap: boolean;
  parts: ListedPart[];
  programDateTime: string | undefined;
  durationMs: number | undefined;
  range: ListedRange | undefined;
}

const emptyDraft = (): Draft => ({
  firstLine: undefined,
  discontinuity: false,
  gap: false,
  parts: [],
  programDateTime: undefined,
  durationMs: undefined,
  range: undefined,
});

const NO_KEYS: readonly string[] = [];

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
  #control: Attributes = new Map();
  #partTargetMs: number | undefined;
  #map: ListedResource | undefined;
  #keys = NO_KEYS;
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
      const clean = line.charCodeAt(0) === 0xfeff ? line.slice(1) : line;
      if (clean.startsWith("#EXT")) this.#tag(clean);
      else if (!clean.startsWith("#") && clean.trim() !== "") this.#uri(clean);
    }
    const open = this.#draft.firstLine === undefined ? undefined : this.#finish(undefined, this.#line);
    return {
      url: this.#url,
      text: this.#text,
      lines: this.#lines,
      problems: this.#problems,
      tags: this.#tags,
      version: integerOf(this.#values.get("EXT-X-VERSION")) ?? 1,
      targetDurationMs: millisecondsOf(this.#values.get("EXT-X-TARGETDURATION")),
      partTargetMs: this.#partTargetMs,
      control: this.#control,
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
    if (sameTag === undefined) {
      this.#tags.set(tag, [this.#line]);
      this.#values.set(tag, value);
    } else sameTag.push(this.#line);
    switch (tag) {
      case "EXT-X-PART":
        this.#part(value);
        return;
      case "EXTINF": {
        const durationMs = millisecondsOf(value.split(",", 1)[0]?.trim());
        if (durationMs === undefined) this.#problem(`EXTINF: expected a duration, got ${value}`);
        this.#touch().durationMs = durationMs ?? 0;
        return;
      }
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
        this.#map = resourceOf(values.get("URI") ?? "", listedRangeOf(values.get("BYTERANGE")), 0);
        return;
      }
      case "EXT-X-KEY":
        this.#key(value);
        return;
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
        if (sameTag === undefined) this.#control = this.#attributes(value).values;
        return;
      case "EXT-X-PART-INF": {
        const partTarget = this.#attributes(value).values.get("PART-TARGET");
        if (sameTag === undefined) this.#partTargetMs = millisecondsOf(partTarget);
        return;
      }
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
    const { range } = resourceOf(uri, listedRange, this.#rangeEnd?.uri === uri ? this.#rangeEnd.offsetBytes : 0);
    if (range !== undefined) this.#rangeEnd = { uri, offsetBytes: range.offsetBytes + range.lengthBytes };
    this.#touch().parts.push({
      uri,
      range,
      listedRange,
      line: this.#line,
      durationMs,
      independent: values.get("INDEPENDENT") === "YES",
      gap: values.get("GAP") === "YES",
    });
  }

  /** 4.4.4.4: a KEY holds until the next one of its KEYFORMAT; NONE ends all. */
  #key(value: string): void {
    const format = formatOf(this.#attributes(value).values);
    if (/(?:^|,)METHOD=NONE(?:,|$)/.test(value)) this.#keys = NO_KEYS;
    else this.#keys = [...this.#keys.filter((key) => formatOf(readAttributes(key).values) !== format), value];
  }

  #uri(uri: string): void {
    const draft = this.#touch();
    if (draft.durationMs === undefined) this.#problem(`${uri}: expected an EXTINF before it`);
    const previous = draft.range && this.#segments.at(-1)?.resource;
    const continued =
      previous?.uri === uri && previous.range !== undefined
        ? previous.range.offsetBytes + previous.range.lengthBytes
        : 0;
    this.#segments.push(this.#finish(resourceOf(uri, draft.range, continued), this.#line));
  }

  #finish(resource: ListedResource | undefined, lastLine: LineNumber): ListedSegment {
    const { firstLine = lastLine, discontinuity, gap, parts, programDateTime, durationMs, range } = this.#draft;
    this.#draft = emptyDraft();
    const msn = this.#msn;
    this.#msn += 1;
    return {
      msn,
      firstLine,
      lastLine,
      discontinuity,
      gap,
      parts,
      map: this.#map,
      keys: this.#keys,
      programDateTime,
      durationMs,
      resource,
      listedRange: range,
    };
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

const formatOf = (key: Attributes): string => key.get("KEYFORMAT") ?? "identity";

function resourceOf(uri: string, listed: ListedRange | undefined, continuedBytes: number): ListedResource {
  if (listed === undefined) return { uri, range: undefined };
  return { uri, range: { offsetBytes: listed.offsetBytes ?? continuedBytes, lengthBytes: listed.lengthBytes } };
}
