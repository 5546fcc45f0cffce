const CACHE = "filler";
const CHUNK_BYTES = 4_000_000;

/**
 * Takes what the origin may store, down to `leaveBytes`, for a while: another page of the site that stores much. Resolves with how much it took.
 */
export async function fill(leaveBytes: number, holdMs: number): Promise<number> {
  const cache = await caches.open(CACHE);
  let taken = 0;
  try {
    for (let index = 0; ; index++) {
      const { quota = 0, usage = 0 } = await navigator.storage.estimate();
      const room = Math.min(CHUNK_BYTES, quota - usage - leaveBytes);
      if (room <= 0) break;
      // Of noise, since disks make zeros small.
      const chunk = new Uint8Array(room);
      for (let at = 0; at < room; at += 65_536) crypto.getRandomValues(chunk.subarray(at, Math.min(room, at + 65_536)));
      await cache.put(`/filler/${index}`, new Response(chunk));
      taken += room;
    }
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "QuotaExceededError")) throw error;
  }
  await new Promise((resolve) => setTimeout(resolve, holdMs));
  await caches.delete(CACHE);
  return taken;
}
