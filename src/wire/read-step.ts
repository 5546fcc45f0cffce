import type { Bytes } from "../model/bytes.ts";
import { checkDateRange } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import { type Fields, isFields, malformed, milliseconds } from "../model/fields.ts";
import { checkKeys } from "../model/media-key.ts";
import type { MediaSource } from "../model/stats.ts";
import type { Step } from "./messages.ts";

/** Most bytes one message may carry: a part of one second at 64 Mbit/s, with room. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

/** Most characters of what a producer notes with a step. */
const MAX_MARK_LENGTH = 256;

function markOf({ mark }: Fields): { readonly mark?: string } {
  if (mark === undefined) return {};
  if (typeof mark === "string" && mark.length <= MAX_MARK_LENGTH) return { mark };
  throw malformed("mark", `at most ${MAX_MARK_LENGTH} characters`, mark);
}

const SOURCES: readonly unknown[] = ["page", "peer", "origin"] satisfies readonly MediaSource[];

function sourceOf({ source }: Fields): { readonly source?: MediaSource } {
  if (source === undefined) return {};
  if (SOURCES.includes(source)) return { source: source as MediaSource };
  throw malformed("source", "page, peer or origin", source);
}

function bytesOf(fields: Fields): Bytes {
  const value = fields.bytes;
  // Shared memory could change under a reader; stored bytes never change.
  if (!(value instanceof Uint8Array) || !(value.buffer instanceof ArrayBuffer)) {
    throw malformed("bytes", "a Uint8Array over an ArrayBuffer", value);
  }
  if (value.byteLength > MAX_MESSAGE_BYTES) {
    throw new RelayError("part-too-large", `bytes: expected at most ${MAX_MESSAGE_BYTES}, got ${value.byteLength}`);
  }
  return value as Bytes;
}

/**
 * Reads a step. A page does so too before it numbers one: a step that the worker could not read would hold up all behind it.
 * @throws RelayError `malformed-message`, `part-too-large` or `invalid-option`
 */
export function readStep(value: unknown): Step {
  if (!isFields(value)) throw malformed("step", "an object", value);
  switch (value.kind) {
    case "init":
      return { kind: "init", bytes: bytesOf(value) };
    case "part":
      return {
        kind: "part",
        bytes: bytesOf(value),
        durationMs: milliseconds(value, "durationMs"),
        independent: value.independent === true,
        ...(value.programDateTimeMs === undefined
          ? {}
          : { programDateTimeMs: milliseconds(value, "programDateTimeMs") }),
        ...(value.more === true ? { more: true } : {}),
        ...sourceOf(value),
        ...markOf(value),
      };
    case "gap":
      return { kind: "gap", durationMs: milliseconds(value, "durationMs"), ...markOf(value) };
    case "discontinuity":
      return { kind: "discontinuity" };
    case "key":
      return { kind: "key", keys: checkKeys(value.keys) };
    case "dateRange":
      return { kind: "dateRange", range: checkDateRange(value.range) };
    case "none":
      return { kind: "none" };
    default:
      throw malformed("step.kind", "init, part, gap, discontinuity, key, dateRange or none", value.kind);
  }
}
