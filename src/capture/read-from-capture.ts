import type { Bytes } from "../model/bytes.ts";
import type { RelayErrorCode } from "../model/errors.ts";
import { count, type Fields, isFields, malformed, milliseconds } from "../model/fields.ts";
import { checkName } from "../model/ids.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import type { EncodingMeasure } from "./encoding-measure.ts";
import type { SoundLevel } from "./level-meter.ts";
import type { CapturedPart, CaptureStats, FromCaptureWorker } from "./messages.ts";

/** Eight with pictures, and their sound. */
const MAX_RENDITIONS = 9;
/** Of sound; and of sizes that are measured. */
const MAX_LISTED = 64;
const COUNTS = ["framesPerSecond", "droppedFrames", "queuedFrames", "load"] as const;
const TOTALS = ["parts", "bytes", "waitingParts", "lostParts"] as const;

/**
 * Reads what a capture worker says: both come from one build, and either may come from an old cache.
 * @throws RelayError `malformed-message`, `invalid-name`
 */
export function readFromCapture(data: unknown): FromCaptureWorker {
  if (!isFields(data)) throw malformed("message", "an object", data);
  const type = data.type as FromCaptureWorker["type"];
  switch (type) {
    case "ready":
      return {
        type,
        renditions: listOf("renditions", data.renditions, MAX_RENDITIONS, renditionOf),
        partTargetMs: milliseconds(data, "partTargetMs"),
        targetDurationMs: milliseconds(data, "targetDurationMs"),
      };
    case "part":
      return { type, part: partOf(data.part) };
    case "init":
      return { type, rendition: checkName(data.rendition, "rendition"), init: bytesOf("init", data.init) };
    case "warning":
    case "error":
      return { type, ...failureOf(data) };
    case "stats":
      return { type, stats: statsOf(data.stats) };
    case "levels":
      return { type, levels: levelsOf(data.levels) };
    case "answer": {
      const { error } = data;
      return { type, id: count(data, "id"), ...(error === undefined ? {} : { error: failureOf(error) }) };
    }
    case "measured":
      return { type, measures: listOf("measures", data.measures, MAX_LISTED, measureOf) };
    case "ended":
      return { type };
    default:
      throw malformed("type", "a known message", type);
  }
}

/** A list that comes in a message may have holes, which `map` leaves out. */
function listOf<T>(what: string, value: unknown, max: number, read: (one: Fields) => T): readonly T[] {
  if (!Array.isArray(value) || value.length > max) throw malformed(what, `at most ${max} of them`, value);
  return Array.from(value, (one: unknown) => {
    if (!isFields(one)) throw malformed(what, "objects", one);
    return read(one);
  });
}

function bytesOf(what: string, value: unknown): Bytes {
  if (value instanceof Uint8Array && value.buffer instanceof ArrayBuffer) return value as Bytes;
  throw malformed(what, "bytes", value);
}

function finite(fields: Fields, key: string): number {
  const value = fields[key];
  if (Number.isFinite(value)) return value as number;
  throw malformed(key, "a number", value);
}

/** What it says of itself is checked when it is published. */
function renditionOf(fields: Fields): CapturedRendition {
  const { codecs } = fields;
  if (typeof codecs !== "string") throw malformed("codecs", "a string", codecs);
  const [id, bandwidth, init] = [checkName(fields.id, "rendition"), finite(fields, "bandwidth"), fields.init];
  return { ...fields, id, bandwidth, codecs, init: bytesOf("init", init) };
}

function partOf(value: unknown): CapturedPart {
  if (!isFields(value)) throw malformed("part", "an object", value);
  return {
    rendition: checkName(value.rendition, "rendition"),
    bytes: bytesOf("bytes", value.bytes),
    durationMs: milliseconds(value, "durationMs"),
    independent: value.independent === true,
    programDateTimeMs: finite(value, "programDateTimeMs"),
    ...(value.missingMs === undefined ? {} : { missingMs: milliseconds(value, "missingMs") }),
    ...(value.more === undefined ? {} : { more: value.more === true }),
  };
}

function failureOf(value: unknown): { readonly code: RelayErrorCode; readonly message: string } {
  if (!isFields(value)) throw malformed("error", "an object", value);
  const { code, message } = value;
  if (typeof code !== "string" || typeof message !== "string") throw malformed("error", "a code and a message", value);
  // A worker of another version may know more of them.
  return { code: code as RelayErrorCode, message };
}

function levelsOf(value: unknown): readonly SoundLevel[] {
  return listOf("levels", value, MAX_LISTED, (one) => ({ peakDb: finite(one, "peakDb"), rmsDb: finite(one, "rmsDb") }));
}

function measureOf(fields: Fields): EncodingMeasure {
  const { codec, load } = fields;
  // Infinite where there is no encoder.
  if (typeof load !== "number" || Number.isNaN(load)) throw malformed("load", "a number", load);
  return {
    width: finite(fields, "width"),
    height: finite(fields, "height"),
    frameRate: finite(fields, "frameRate"),
    ...(typeof codec === "string" ? { codec } : {}),
    load,
    realtime: fields.realtime === true,
  };
}

function numbersOf<Key extends string>(fields: Fields, keys: readonly Key[]): Record<Key, number> {
  return Object.fromEntries(keys.map((key) => [key, finite(fields, key)])) as Record<Key, number>;
}

function statsOf(value: unknown): CaptureStats {
  if (!isFields(value)) throw malformed("stats", "an object", value);
  const { playing } = value;
  return {
    ...numbersOf(value, COUNTS),
    renditions: listOf("renditions", value.renditions, MAX_RENDITIONS, (one) => ({
      id: checkName(one.id, "rendition"),
      ...numbersOf(one, COUNTS),
    })),
    levels: levelsOf(value.levels),
    muted: value.muted === true,
    paused: value.paused === true,
    ...(isFields(playing)
      ? { playing: { ...numbersOf(playing, ["index", "count"]), name: String(playing.name) } }
      : {}),
    driftMs: finite(value, "driftMs"),
    ...numbersOf(value, TOTALS),
  };
}
