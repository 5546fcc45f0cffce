import { cleanupOutdatedCaches } from "workbox-precaching/cleanupOutdatedCaches.js";
import { PrecacheController } from "workbox-precaching/PrecacheController.js";
import { PrecacheRoute } from "workbox-precaching/PrecacheRoute.js";
import { registerRoute } from "workbox-routing/registerRoute.js";

/** A file of the application; `revision` is null where its name holds a hash of its content. */
export interface ShellFile {
  readonly url: string;
  readonly revision: string | null;
}

/**
 * Keeps the application's files, and answers with them: it opens without a network. An update fetches all of them before it is installed, so that it takes
 * the place of the version before as a whole; that one's files go when it takes over, and an open page has its own until then. On a first visit
 * nobody waits for files that the page does not show: they are fetched when a page asks for it with `{ shell: "keep" }`, and until then the network
 * answers.
 *
 * Whatever listens for `fetch` before this is called comes first.
 */
export function serveShell(scope: ServiceWorkerGlobalScope, files: readonly ShellFile[]): void {
  const controller = new PrecacheController();
  controller.addToCacheList([...files]);
  scope.addEventListener("install", (event) => {
    if (scope.registration.active !== null) void controller.install(event);
  });
  scope.addEventListener("activate", (event) => void controller.activate(event));
  scope.addEventListener("message", (event) => {
    if ((event.data as { readonly shell?: unknown } | null)?.shell === "keep") event.waitUntil(keepAll(controller));
  });
  registerRoute(
    new PrecacheRoute(controller, {
      directoryIndex: "index.html",
      // The address says what to show, and the page reads it: to the worker they are one and the same.
      ignoreURLParametersMatching: [/./],
      cleanURLs: false,
    }),
  );
  cleanupOutdatedCaches();
}

/** Fetches what is not there yet. What cannot be had now is fetched when it is next asked for. */
async function keepAll(controller: PrecacheController): Promise<void> {
  const cache = await caches.open(controller.strategy.cacheName);
  for (const [url, key] of controller.getURLsToCacheKeys()) {
    if ((await cache.match(key)) !== undefined) continue;
    // A name that holds a hash may come from the browser's own cache; of any other that may have another version.
    const response = await fetch(url, { cache: key === url ? "default" : "reload" });
    if (response.ok) await cache.put(key, response);
  }
}
