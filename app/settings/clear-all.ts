import type { Relay } from "eddy-hls";

/** A database that another tab holds open is not waited for longer. */
const DEADLINE_MS = 5_000;

/**
 * Deletes all that this site has stored in this browser. The page is of no use afterwards and has to be loaded anew.
 * @throws Error for what another tab holds on to
 */
export async function clearAll(relay: Relay): Promise<void> {
  for (const { name } of await relay.streams()) await relay.remove(name);
  relay.close();
  // First: whatever asks the worker from now on would have it store something anew.
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
  for (const { name } of await indexedDB.databases()) if (name !== undefined) await deleteDatabase(name);
  for (const name of await caches.keys()) await caches.delete(name);
  localStorage.clear();
  sessionStorage.clear();
}

function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.addEventListener("success", () => resolve());
    request.addEventListener("error", () => reject(request.error));
    AbortSignal.timeout(DEADLINE_MS).addEventListener("abort", () => reject(new Error(`"${name}" is held open`)));
  });
}
