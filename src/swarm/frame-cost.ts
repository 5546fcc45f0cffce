import type { PeerFrame } from "../wire/peer-frame.ts";

/** About as many bytes as the frame takes, for the figures only. */
export function frameCost(frame: PeerFrame): number {
  switch (frame.kind) {
    case "header":
      return 16 + frame.signed.encoded.byteLength + frame.signed.signature.byteLength + 32 * frame.signed.pieces.length;
    case "have":
      return 8 + 16 * frame.ranges.length;
    case "roots":
      return 5 + 24 * frame.entries.length;
    case "offer":
      return 26 + 3 * frame.delaysMs.length;
    case "card":
    case "init":
      return 40 + frame.bytes.byteLength;
    default:
      return 24;
  }
}
