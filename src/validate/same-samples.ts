import { BoxReader } from "../media/boxes.ts";
import type { Bytes } from "../model/bytes.ts";

/**
 * Whether the parts hold what the segment holds: the same bytes, or else the same media data in the same order, where boxes
 * around it differ. Undefined if so, or what differs.
 */
export function sameSamples(parts: readonly Bytes[], segment: Bytes): string | undefined {
  if (isConcatenation(parts, segment)) return undefined;
  if (isWebVtt(segment)) return sameCues(parts, segment);
  try {
    const ofParts = parts.flatMap(mediaData);
    if (isConcatenation(ofParts, joined(mediaData(segment)))) return undefined;
  } catch {
    // Not boxes: the bytes have said all there is to say.
  }
  const sizeBytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return `${sizeBytes} bytes of parts and ${segment.byteLength} bytes of segment hold different media`;
}

const isWebVtt = (bytes: Bytes): boolean => /^\uFEFF?WEBVTT/.test(new TextDecoder().decode(bytes.subarray(0, 16)));

/** Of text, each part has a header of its own, and a cue that lasts over several is in each: the cues are what must be the same. */
function sameCues(parts: readonly Bytes[], segment: Bytes): string | undefined {
  const [ofParts, ofSegment] = [new Set(parts.flatMap(cuesOf)), new Set(cuesOf(segment))];
  const missing = [...ofParts].find((cue) => !ofSegment.has(cue));
  if (missing !== undefined) return `the segment has no cue ${JSON.stringify(missing.slice(0, 80))}`;
  const extra = [...ofSegment].find((cue) => !ofParts.has(cue));
  return extra === undefined ? undefined : `no part has the cue ${JSON.stringify(extra.slice(0, 80))}`;
}

function cuesOf(bytes: Bytes): string[] {
  const blocks = new TextDecoder().decode(bytes).split(/(?:\r?\n){2,}/);
  return blocks.map((block) => block.trim()).filter((block) => block.includes("-->"));
}

function isConcatenation(pieces: readonly Bytes[], whole: Bytes): boolean {
  let at = 0;
  for (const piece of pieces) {
    if (at + piece.byteLength > whole.byteLength) return false;
    for (let i = 0; i < piece.byteLength; i++) if (piece[i] !== whole[at + i]) return false;
    at += piece.byteLength;
  }
  return at === whole.byteLength;
}

function mediaData(bytes: Bytes): Bytes[] {
  const reader = new BoxReader(bytes, "malformed-part");
  return reader
    .boxes(0, reader.size)
    .filter((box) => box.type === "mdat")
    .map((box) => bytes.subarray(box.bodyStart, box.end));
}

function joined(pieces: readonly Bytes[]): Bytes {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
