/**
 * The rooms that a peer sits in: one by its id, and another one, so that the rooms hang together. The same peer chooses the
 * same ones whenever it joins.
 */
export function shardsOf(room: string, peer: string, shards: number): readonly string[] {
  if (shards <= 1) return [room];
  const first = hash(peer, 1) % shards;
  const second = (first + 1 + (hash(peer, 2) % (shards - 1))) % shards;
  return [first, second].map((shard) => `${room}#${shard}/${shards}`);
}

/** FNV-1a, 32 bits. */
function hash(text: string, seed: number): number {
  let value = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
