import type { PeerId } from "../wire/peer-frame.ts";

/** 32 bits that every peer reckons alike (FNV-1a, then mixed, since ids that differ at the end must differ everywhere). */
export function peerHash(peer: PeerId): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < peer.length; at += 1) hash = Math.imul(hash ^ peer.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
