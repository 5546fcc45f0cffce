import type { PeerFrame } from "../wire/peer-frame.ts";

/** What one packet carries of a message, and what IPv4, UDP, DTLS 1.2 (GCM) and SCTP (header and DATA chunk) put around it. */
const PACKET_PAYLOAD_BYTES = 1150;
const PACKET_OVERHEAD_BYTES = 20 + 8 + 37 + 28;

export const packetsOf = (sizeBytes: number): number => Math.ceil(sizeBytes / PACKET_PAYLOAD_BYTES);

/** What a message of this size takes on the way. */
export const onWireBytes = (sizeBytes: number): number => sizeBytes + packetsOf(sizeBytes) * PACKET_OVERHEAD_BYTES;

/** As encoded. */
export function frameBytes(frame: PeerFrame): number {
  switch (frame.kind) {
    case "header":
      return 16 + frame.signed.encoded.byteLength + frame.signed.signature.byteLength + 32 * frame.signed.pieces.length;
    case "piece":
      return 20 + frame.bytes.byteLength;
    case "have":
      return 8 + 8 * frame.ranges.length;
    case "roots":
      return 8 + 24 * frame.entries.length;
    case "card":
      return 8 + frame.bytes.byteLength;
    case "init":
      return 40 + frame.bytes.byteLength;
    case "hello":
      return 64;
    default:
      return 24;
  }
}
