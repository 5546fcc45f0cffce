import { invalid } from "../model/checks.ts";
import {
  type AttributeValue,
  checkDateRange,
  type DateRangeOptions,
  MAX_ATTRIBUTES,
  startOfRange,
} from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import { dateTime, quoted, seconds, type Ticks, ticksOf } from "./tags.ts";

/** Removed ids are told to players that hold an old playlist, which is no older than the skip boundary, and not used anew. */
const MAX_REMOVED = 1024;

/** Names in `DateRangeOptions.attributes`. */
const EXTRA = /^(?:X|SCTE35)-/;

interface Line {
  readonly text: string;
  /** Rendered time of the playlist when it was added. */
  readonly addedAt: Ticks;
}

interface Range {
  readonly startMs: number;
  className: string | undefined;
  endsOnNext: boolean;
  endMs: number | undefined;
  attributes: ReadonlyMap<string, string>;
  lines: readonly Line[];
}

/**
 * The EXT-X-DATERANGE tags of one Media Playlist. A range that has ended before the first listed segment leaves.
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4.5.1, 4.4.5.2 and 6.2.5.1
 */
export class DateRanges {
  readonly #maxRanges: number;
  readonly #ranges = new Map<string, Range>();
  /** Those that have left, the latest last: a player may hold them still, so that their ids keep their values. */
  readonly #gone = new Map<string, Range>();
  #removed: { readonly id: string; readonly at: Ticks }[] = [];

  /** Lists at most `maxRanges` at once. */
  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges;
  }

  /**
   * Adds a range, or attributes to one that is known; one that has left does not come back. Returns whether the text has changed.
   * @throws RelayError `invalid-option`; `conflict` for an id that is used with another value (rule 35); `stream-limit`
   */
  add(options: DateRangeOptions, at: Ticks): boolean {
    const checked = checkDateRange(options);
    const attributes = attributesOf(checked);
    const { id, durationMs } = checked;
    const startMs = startOfRange(checked);
    const gone = this.#gone.get(id);
    const known = this.#ranges.get(id) ?? gone;
    if (known === undefined) {
      this.checkRoom(id);
      const endMs = durationMs === undefined ? undefined : startMs + durationMs;
      const range: Range = {
        startMs,
        className: checked.class,
        endsOnNext: checked.endOnNext === true,
        endMs,
        attributes,
        lines: [{ text: tag(attributes), addedAt: at }],
      };
      this.#ranges.set(id, range);
      this.#endOnNext(range);
      return true;
    }
    for (const [name, value] of attributes) {
      const before = known.attributes.get(name);
      if (before === undefined || before === value) continue;
      throw new RelayError("conflict", `date range "${id}": expected ${name}=${before} as before, got ${value}`);
    }
    const merged = new Map([...known.attributes, ...attributes]);
    if (merged.size === known.attributes.size) return false;
    if (merged.has("END-ON-NEXT") && merged.has("DURATION"))
      throw new RelayError("conflict", `date range "${id}": expected END-ON-NEXT or DURATION, got both`);
    const extras = [...merged.keys()].filter((name) => EXTRA.test(name)).length;
    if (extras > MAX_ATTRIBUTES) throw invalid("attributes", `at most ${MAX_ATTRIBUTES} in all`, extras);
    known.attributes = merged;
    // It has an end, which is before the window, and keeps it.
    if (known === gone) return false;
    known.lines = [...known.lines, { text: tag(merged), addedAt: at }];
    if (durationMs !== undefined) known.endMs = startMs + durationMs;
    known.className ??= checked.class;
    known.endsOnNext ||= checked.endOnNext === true;
    this.#endOnNext(known);
    return true;
  }

  /** @throws RelayError `stream-limit` where `id` would be one range too many */
  checkRoom(id: string): void {
    if (this.#ranges.size < this.#maxRanges || this.#ranges.has(id) || this.#gone.has(id)) return;
    throw new RelayError(
      "stream-limit",
      `expected at most ${this.#maxRanges} date ranges at once, got "${id}" as one more`,
    );
  }

  /** Takes the ranges off that have ended before the first listed segment begins. Returns whether there was one. */
  removeBefore(firstMs: number, at: Ticks): boolean {
    let hasRemoved = false;
    for (const [id, range] of this.#ranges) {
      if (range.endMs === undefined || range.endMs >= firstMs) continue;
      this.#ranges.delete(id);
      this.#gone.set(id, { ...range, lines: [] });
      this.#removed.push({ id, at });
      hasRemoved = true;
    }
    for (const id of this.#gone.keys()) {
      if (this.#gone.size <= MAX_REMOVED) break;
      this.#gone.delete(id);
    }
    if (this.#removed.length > MAX_REMOVED) this.#removed = this.#removed.slice(-MAX_REMOVED);
    return hasRemoved;
  }

  /** Every line, or those added at or after `since`. */
  text(since = Number.NEGATIVE_INFINITY): string {
    let text = "";
    for (const { lines } of this.#ranges.values()) {
      for (const line of lines) if (line.addedAt >= since) text += line.text;
    }
    return text;
  }

  /** RECENTLY-REMOVED-DATERANGES: what left at or after `since`. */
  removedSince(since: Ticks): string {
    this.#removed = this.#removed.filter(({ at }) => at >= since);
    return this.#removed.map(({ id }) => id).join("\t");
  }

  /** 4.4.5.1: END-ON-NEXT ends a range where the next of its class starts; the two come in any order. */
  #endOnNext(changed: Range): void {
    if (changed.className === undefined) return;
    for (const others of [this.#ranges, this.#gone]) {
      for (const other of others.values()) {
        endAtStart(other, changed);
        endAtStart(changed, other);
      }
    }
  }
}

function endAtStart(range: Range, next: Range): void {
  if (!range.endsOnNext || range.className !== next.className || range.startMs >= next.startMs) return;
  range.endMs = Math.min(range.endMs ?? Number.POSITIVE_INFINITY, next.startMs);
}

function attributesOf(options: DateRangeOptions): ReadonlyMap<string, string> {
  const { id, durationMs, plannedDurationMs, endOnNext, attributes = {} } = options;
  const rendered = new Map([["ID", quoted("id", id)]]);
  if (options.class !== undefined) rendered.set("CLASS", quoted("class", options.class));
  rendered.set("START-DATE", `"${dateTime(startOfRange(options))}"`);
  if (durationMs !== undefined) rendered.set("DURATION", seconds(ticksOf(durationMs)));
  if (plannedDurationMs !== undefined) rendered.set("PLANNED-DURATION", seconds(ticksOf(plannedDurationMs)));
  for (const [name, value] of Object.entries(attributes)) rendered.set(name, attribute(name, value));
  if (endOnNext === true) rendered.set("END-ON-NEXT", "YES");
  return rendered;
}

function attribute(name: string, value: AttributeValue): string {
  if (typeof value === "string") return quoted(name, value);
  // 4.2: no exponent in a decimal-floating-point.
  if (typeof value === "number") return value.toFixed(6).replace(/\.?0+$/, "");
  return `0x${[...value].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("")}`;
}

function tag(attributes: ReadonlyMap<string, string>): string {
  return `#EXT-X-DATERANGE:${[...attributes].map(([name, value]) => `${name}=${value}`).join(",")}\n`;
}
