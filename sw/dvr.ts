import { readStorageAsk } from "../src/wire/storage-asks.ts";
import type { Dvr } from "./features.ts";
import { loadRelay } from "./load-relay.ts";
import { StreamStore } from "./store/stream-store.ts";

/** What is kept on disk. */
export interface DvrOptions {
  /** Media that a stream keeps, until a page sets another window (`relay.setDvrWindow()`). In ms. Default four hours. */
  readonly windowMs?: number;
  /** Bytes that a stream keeps. Default: no limit but that of all streams together. */
  readonly maxBytes?: number;
  /** What all streams together may take of what the browser grants the origin, from 0 to 1. Default 0.5. */
  readonly quotaShare?: number;
}

/**
 * Keeps streams on disk, through the end of the worker and offline, with the DVR window that `dvr.m3u8` lists.
 * @example
 * ```ts
 * serveRelay(self, { dvr: dvr({ windowMs: 4 * 3600_000 }) });
 * ```
 */
export function dvr({ maxBytes, ...options }: DvrOptions = {}): Dvr {
  return {
    kind: "dvr",
    // Relays under other bases are other workers, which live side by side: in one database each would supersede the other.
    open: (base, make) => {
      const maxBytesPerStream = maxBytes === undefined ? {} : { maxBytesPerStream: maxBytes };
      return loadRelay(StreamStore.open({ name: `eddy ${base}`, ...options, ...maxBytesPerStream }), make);
    },
    read: readStorageAsk,
  };
}
