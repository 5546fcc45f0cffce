/** Entry point `eddy-hls/worker`: the relay of a Service Worker. */
export { createRelay, type DvrOptions, type ServeRelayOptions, serveRelay, type WorkerRelay } from "./serve-relay.ts";
