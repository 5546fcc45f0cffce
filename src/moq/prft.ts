import { BoxReader } from "../media/boxes.ts";
import type { Bytes } from "../model/bytes.ts";

/** From 1900, where NTP's era begins, to 1970. */
const NTP_TO_UNIX_S = 2_208_988_800;
/** Before moof; a longer list of boxes is none of a chunk's. */
const MAX_BOXES_BEFORE = 8;

/**
 * The wall clock of media time 0 of a track, in ms since the Unix epoch, by the producer's own reference time; undefined where a part
 * has none that can be read.
 * @see ISO/IEC 14496-12 8.16.5
 */
export function producerEpochMs(part: Bytes, timescale: number): number | undefined {
  try {
    const reader = new BoxReader(part, "malformed-part");
    let at = 0;
    for (let count = 0; count < MAX_BOXES_BEFORE && at < reader.size; count++) {
      const box = reader.boxAt(at, reader.size);
      if (box.type === "moof") return undefined;
      if (box.type === "prft") {
        const body = reader.body(box);
        const isLong = body.getUint8(0) === 1;
        const wallMs = (body.getUint32(8) - NTP_TO_UNIX_S) * 1000 + (body.getUint32(12) / 2 ** 32) * 1000;
        const mediaTicks = isLong ? body.getUint32(16) * 2 ** 32 + body.getUint32(20) : body.getUint32(16);
        return wallMs - (mediaTicks / timescale) * 1000;
      }
      at = box.end;
    }
  } catch {
    // The reader of the part says what is wrong with it.
  }
  return undefined;
}
