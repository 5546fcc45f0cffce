import type { InitSegment } from "../media/init-segment.ts";
import { type MediaPart, type PartPiece, parsePart, splitPart } from "../media/media-part.ts";
import { checkWebVtt } from "../media/web-vtt.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

/** Slack of one timescale tick at the coarsest scale in use: rounding is no reason to refuse a part. */
export const ROUNDING_MS = 0.05;
/** No sample of a live encoder lasts less. */
const MIN_PART_MS = 1;

export interface PartLimits {
  /** Of the rendition, for messages. */
  readonly name: string;
  readonly partTargetMs: number;
  readonly maxBytes: number;
}

/** An input as its rendition lists it: one piece, or several where it is too long for one part. */
export interface CutPart {
  readonly pieces: readonly PartPiece[];
  /** What its boxes say; absent where nothing can be measured. */
  readonly media?: MediaPart;
}

/**
 * One piece where it fits; else runs of its fragments, each as long as the part target allows (rule 14). All of them are
 * looked at before the first is stored.
 * @throws RelayError `malformed-part`, `track-mismatch`, `part-too-long`, `part-too-large`
 */
export function cutMedia(bytes: Bytes, init: InitSegment, limits: PartLimits): CutPart {
  checkSize(bytes, limits);
  const media = parsePart(bytes, init);
  const { name, partTargetMs } = limits;
  const limitMs = partTargetMs + ROUNDING_MS;
  const { durationMs, independent } = media;
  const pieces = durationMs <= limitMs ? [{ bytes, durationMs, independent }] : splitPart(bytes, media, limitMs);
  for (const piece of pieces) {
    if (piece.durationMs < MIN_PART_MS) {
      throw new RelayError(
        "malformed-part",
        `"${name}": expected samples of at least ${MIN_PART_MS} ms, got ${piece.durationMs.toFixed(3)} ms`,
      );
    }
    if (piece.durationMs <= limitMs) continue;
    throw new RelayError(
      "part-too-long",
      `"${name}": expected fragments of at most the part target of ${partTargetMs} ms, got one of ${piece.durationMs.toFixed(1)} ms`,
    );
  }
  return { pieces: pieces.map((piece) => ({ ...piece, durationMs: Math.min(piece.durationMs, partTargetMs) })), media };
}

/**
 * A WebVTT part: whole, for as long as its producer says, since text does not tell how long it stands for. Every one can be
 * read on its own.
 * @throws RelayError `malformed-part`, `part-too-long`, `part-too-large`
 */
export function cutText(bytes: Bytes, durationMs: number | undefined, limits: PartLimits): CutPart {
  checkSize(bytes, limits);
  checkWebVtt(bytes);
  return { pieces: [{ bytes, durationMs: declared(durationMs, limits), independent: true }] };
}

/**
 * A part that is encrypted whole, or that nothing here reads: as its producer describes it.
 * @throws RelayError `malformed-part`, `part-too-long`, `part-too-large`
 */
export function cutOpaque(
  part: { readonly bytes: Bytes; readonly durationMs?: number; readonly independent?: boolean },
  limits: PartLimits,
): CutPart {
  const { bytes, durationMs, independent = false } = part;
  checkSize(bytes, limits);
  return { pieces: [{ bytes, durationMs: declared(durationMs, limits), independent }] };
}

/** A duration that the producer says and nothing can measure. */
function declared(durationMs: number | undefined, { name, partTargetMs }: PartLimits): number {
  if (durationMs === undefined || !(durationMs >= MIN_PART_MS)) {
    throw new RelayError(
      "malformed-part",
      `"${name}": expected a duration of at least ${MIN_PART_MS} ms, got ${String(durationMs)}`,
    );
  }
  if (durationMs <= partTargetMs + ROUNDING_MS) return Math.min(durationMs, partTargetMs);
  throw new RelayError(
    "part-too-long",
    `"${name}": expected at most the part target of ${partTargetMs} ms, got ${durationMs} ms`,
  );
}

function checkSize(bytes: Bytes, { name, maxBytes }: PartLimits): void {
  if (bytes.byteLength <= maxBytes) return;
  throw new RelayError("part-too-large", `"${name}": expected at most ${maxBytes} bytes, got ${bytes.byteLength}`);
}
