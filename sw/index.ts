/** Entry point `eddy-hls/worker`: the relay of a Service Worker. */
export { type Clips, clips } from "eddy-hls/core";
export { diagnostics } from "./diagnostics.ts";
export { type DvrOptions, dvr } from "./dvr.ts";
export type { Dvr, RelayDiagnostics } from "./features.ts";
export { createRelay, type ServeRelayOptions, serveRelay, type WorkerRelay } from "./serve-relay.ts";
