import { type InitSegment, parseInitSegment } from "../media/init-segment.ts";
import type { Bytes } from "../model/bytes.ts";
import { initBoxes } from "./init-boxes.ts";
import type { TrackDescription } from "./source.ts";

export interface WrittenInit {
  /** ftyp and moov. */
  readonly bytes: Bytes;
  /** The same, as a part is read and written by it. */
  readonly segment: InitSegment;
}

/**
 * Writes the init segment of the tracks, in the order given.
 * @throws RelayError `unsupported-media` for a codec that fragmented MP4 or this library does not carry
 */
export async function writeInit(tracks: readonly TrackDescription[]): Promise<WrittenInit> {
  // Files alone have anything else, and have loaded most of the muxer already.
  const bytes = initBoxes(tracks) ?? (await (await import("./init-muxer.ts")).muxInit(tracks));
  return { bytes, segment: parseInitSegment(bytes) };
}
