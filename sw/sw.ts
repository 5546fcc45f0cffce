import { serveRelay } from "./index.ts";

declare const self: ServiceWorkerGlobalScope;

serveRelay(self, { base: "/live/", dvr: {} });
