import { serveRelay } from "eddy-hls/worker";

declare const self: ServiceWorkerGlobalScope;

serveRelay(self);
