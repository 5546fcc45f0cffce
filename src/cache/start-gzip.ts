import { gzipSync } from "fflate";
import { gzipWith } from "./gzip.ts";

/**
 * Makes short playlists be compressed on the thread: it is done with 5 KB before the host's own `CompressionStream` has begun. For hosts
 * behind a network (`gzip: true`); who answers inside a Service Worker should not carry the code.
 */
export function startGzip(): void {
  // Without a time of its own, equal playlists have equal bytes.
  gzipWith((bytes) => gzipSync(bytes, { level: 6, mtime: 0 }));
}
