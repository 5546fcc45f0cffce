import { cleanupOutdatedCaches } from "workbox-precaching/cleanupOutdatedCaches.js";
import { precacheAndRoute } from "workbox-precaching/precacheAndRoute.js";

/** A file of the application; `revision` is null where its name holds a hash of its content. */
export interface ShellFile {
  readonly url: string;
  readonly revision: string | null;
}

/**
 * Keeps the application's files, and answers with them: it opens without a network. They are fetched as the worker installs,
 * and those of the version before go when it takes over, so that an open page has its own until then.
 *
 * Whatever listens for `fetch` before this is called comes first.
 */
export function serveShell(files: readonly ShellFile[]): void {
  precacheAndRoute([...files], {
    directoryIndex: "index.html",
    // The address says what to show, and the page reads it: to the worker they are one and the same.
    ignoreURLParametersMatching: [/./],
    cleanURLs: false,
  });
  cleanupOutdatedCaches();
}
