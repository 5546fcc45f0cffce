/**
 * The relay of a Service Worker: by itself, or beside listeners of the worker's own.
 * @packageDocumentation
 */
export { type CacheOptions, type Clips, clips, type Match } from "eddy-hls/core";
export { diagnostics } from "./diagnostics.ts";
export { type DvrOptions, dvr } from "./dvr.ts";
export type { Dvr, RelayDiagnostics } from "./features.ts";
export { createRelay, type ServeRelayOptions, serveRelay, type WorkerRelay } from "./serve-relay.ts";
