import { createRelay } from "eddy-hls/worker";
import { readStorageAsk } from "../../src/wire/storage-asks.ts";
import { loadRelay } from "../../sw/load-relay.ts";
import type { FaultPoint } from "../../sw/store/faults.ts";
import { StreamStore } from "../../sw/store/stream-store.ts";

declare const self: ServiceWorkerGlobalScope;

/** The point that its test waits for, as it was told last. */
let wanted = "";

/** The test's site answers when the worker may go on, if ever. */
async function mayGoOn(point: FaultPoint): Promise<void> {
  const response = await fetch(`/fault/${point}`);
  wanted = await response.text();
}

// The demo's worker, but for the test that can hold it up at each point at which a kill might do harm.
const openStore = (): Promise<StreamStore> =>
  StreamStore.open({
    faults(point) {
      if (point !== "batch-half") return mayGoOn(point);
      if (wanted !== point) return undefined;
      // A transaction lives while this turn does, so this turn must not end: only a kill ends it.
      void fetch(`/fault/${point}`);
      for (;;);
    },
  });
const relay = createRelay(self, {
  dvr: { kind: "dvr", open: (_base, make) => loadRelay(openStore(), make), read: readStorageAsk },
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => void relay.receive(event));
self.addEventListener("fetch", (event) => {
  const response = relay.match(event.request);
  if (response !== undefined) event.respondWith(response);
});
