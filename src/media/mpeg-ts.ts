import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

const PACKET_BYTES = 188;
const SYNC_BYTE = 0x47;

/**
 * Looks at whether `bytes` are whole packets of a transport stream; what is in them is not for us to know.
 * @throws RelayError `malformed-part`
 * @see ISO/IEC 13818-1, 2.4.3.2
 */
export function checkMpegTs(bytes: Bytes): void {
  const { byteLength } = bytes;
  if (byteLength === 0 || byteLength % PACKET_BYTES !== 0) {
    throw new RelayError("malformed-part", `expected whole packets of ${PACKET_BYTES} bytes, got ${byteLength} bytes`);
  }
  for (let at = 0; at < byteLength; at += PACKET_BYTES) {
    if (bytes[at] === SYNC_BYTE) continue;
    throw new RelayError(
      "malformed-part",
      `expected a packet of MPEG-TS at byte ${at}, got 0x${bytes[at]?.toString(16)}`,
    );
  }
}
