import { createRelay, dvr } from "eddy-hls/worker";

declare const self: ServiceWorkerGlobalScope;

/** All of it, for a site that has no other use for a worker: `serveRelay(self, { dvr: dvr() })`. */
const relay = createRelay(self, { dvr: dvr() });
self.addEventListener("message", (event) => {
  relay.receive(event);
});
self.addEventListener("fetch", (event) => {
  const media = relay.match(event.request); // undefined: not the relay's
  if (media !== undefined) event.respondWith(media);
  else if (isOfSite(event.request)) event.respondWith(keptPage(event.request));
});

/** What other hosts serve, such as an origin that is joined, is the network's. */
function isOfSite({ method, url }: Request): boolean {
  return method === "GET" && url.startsWith(`${location.origin}/`);
}

/** The site's own business: its pages open without a network, as they were when they were last seen. */
async function keptPage(request: Request): Promise<Response> {
  const kept = await caches.open("pages");
  try {
    const response = await fetch(request);
    if (response.ok) await kept.put(request, response.clone());
    return response;
  } catch (error) {
    const former = await kept.match(request);
    if (former === undefined) throw error;
    return former;
  }
}
