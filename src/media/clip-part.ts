import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { BoxReader, type BoxSpan } from "./boxes.ts";
import type { ClipInit } from "./clip-init.ts";
import { readTfdt, readTfhd, readTrun } from "./leaf-boxes.ts";
import { type MediaPart, parsePart } from "./media-part.ts";

/** How one track of a source becomes one of the clip. */
export interface TrackShift {
  /** Number of the track in the clip. */
  readonly id: number;
  /** Taken off each decode time, in ticks; may be negative. */
  readonly shiftTicks: number;
}

const MAX_U32 = 0xffff_ffff;
/** They tell times or offsets of the live stream, which are wrong in a clip. Of the same size, they mean nothing. */
const LIVE_ONLY = new Set(["sidx", "ssix", "prft", "emsg"]);
const FREE = [0x66, 0x72, 0x65, 0x65];

/** @throws RelayError `unsupported-media` for what cannot be read, such as parts that are encrypted whole */
export function readClipPart(bytes: Bytes, init: ClipInit): MediaPart {
  try {
    return parsePart(bytes, init.segment);
  } catch (cause) {
    const { message } = RelayError.from(cause);
    throw new RelayError("unsupported-media", `expected parts whose boxes can be read: ${message}`, { cause });
  }
}

/** Earliest composition time of each track in a part that {@link readClipPart} has read, in ticks. */
export function earliestTicks(bytes: Bytes, init: ClipInit): ReadonlyMap<number, number> {
  const earliest = new Map<number, number>();
  const reader = new BoxReader(bytes, "unsupported-media");
  for (const moof of reader.boxes(0, reader.size).filter(({ type }) => type === "moof")) {
    for (const traf of reader.children(moof).filter(({ type }) => type === "traf")) {
      const boxes = reader.children(traf);
      const tfhd = reader.read(childOf(reader, boxes, "tfhd"), readTfhd);
      const track = init.segment.tracks.find(({ id }) => id === tfhd.trackId);
      let ticks = reader.read(childOf(reader, boxes, "tfdt"), readTfdt).baseMediaDecodeTime;
      for (const trun of boxes.filter(({ type }) => type === "trun")) {
        for (const sample of reader.read(trun, readTrun).samples) {
          const shownTicks = ticks + (sample.sampleCompositionTimeOffset ?? 0);
          earliest.set(tfhd.trackId, Math.min(shownTicks, earliest.get(tfhd.trackId) ?? shownTicks));
          ticks += sample.sampleDuration ?? tfhd.defaultSampleDuration ?? track?.defaultSampleDurationTicks ?? 0;
        }
      }
    }
  }
  return earliest;
}

/**
 * The same part at its place in a clip, piece by piece: its movie fragment headers are copied and changed, all else passes as
 * views of `bytes`, which stay as they are. Takes as many bytes as before. `sequenceNumber` is that of its first fragment; returns
 * that of the next.
 * @throws RelayError `unsupported-media` where a decode time does not fit
 * @see ISO/IEC 14496-12 8.8.5, 8.8.7, 8.8.12
 */
export function* rebasePart(
  bytes: Bytes,
  { sequenceNumber, tracks }: { sequenceNumber: number; tracks: ReadonlyMap<number, TrackShift> },
): Generator<Bytes, number> {
  const reader = new BoxReader(bytes, "unsupported-media");
  let next = sequenceNumber;
  let from = 0;
  for (const box of reader.boxes(0, reader.size)) {
    const isLive = LIVE_ONLY.has(box.type);
    if (box.type !== "moof" && !isLive) continue;
    if (box.start > from) yield bytes.subarray(from, box.start);
    from = isLive ? box.bodyStart : box.end;
    const copy = bytes.slice(box.start, from);
    if (isLive) copy.set(FREE, 4);
    else rebaseFragment(copy, next++, tracks);
    yield copy;
  }
  if (from < reader.size) yield bytes.subarray(from);
  return next;
}

function rebaseFragment(moof: Bytes, sequenceNumber: number, tracks: ReadonlyMap<number, TrackShift>): void {
  const reader = new BoxReader(moof, "unsupported-media");
  for (const box of reader.children(reader.boxAt(0, reader.size))) {
    if (box.type === "mfhd") reader.body(box).setUint32(4, sequenceNumber);
    if (box.type !== "traf") continue;
    const boxes = reader.children(box);
    const tfhd = reader.body(childOf(reader, boxes, "tfhd"));
    const trackId = tfhd.getUint32(4);
    const { id, shiftTicks } = tracks.get(trackId) ?? reader.fail(`expected no track ${trackId}`);
    tfhd.setUint32(4, id);
    const tfdt = childOf(reader, boxes, "tfdt");
    const ticks = reader.read(tfdt, readTfdt).baseMediaDecodeTime - shiftTicks;
    writeTicks(reader, tfdt, ticks);
  }
}

/** In the width that the box has, so that nothing moves. */
function writeTicks(reader: BoxReader, tfdt: BoxSpan, ticks: number): void {
  const body = reader.body(tfdt);
  const isLong = body.getUint8(0) === 1;
  const most = isLong ? Number.MAX_SAFE_INTEGER : MAX_U32;
  if (ticks < 0 || ticks > most) reader.fail(`tfdt: expected a decode time from 0 to ${most}, got ${ticks}`);
  if (isLong) body.setUint32(4, Math.floor(ticks / 2 ** 32));
  body.setUint32(isLong ? 8 : 4, ticks % 2 ** 32);
}

function childOf(reader: BoxReader, boxes: readonly BoxSpan[], type: string): BoxSpan {
  return boxes.find((box) => box.type === type) ?? reader.fail(`traf: expected a ${type} box`);
}
