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
  else if (isOfSite(event.request)) event.respondWith(keptPage(event));
});

/** What other hosts serve, such as an origin that is joined, is the network's. */
function isOfSite({ method, url }: Request): boolean {
  return method === "GET" && url.startsWith(`${location.origin}/`);
}

/** The site's own business: its pages open without a network, as they were when they were last seen. */
async function keptPage(event: FetchEvent): Promise<Response> {
  const { request } = event;
  const kept = await caches.open("pages");
  try {
    const response = await fetch(request);
    // A part of a file, and what the disk has no room for, is answered all the same.
    if (response.status === 200) event.waitUntil(kept.put(request, response.clone()).catch(() => undefined));
    return response;
  } catch (error) {
    const former = await kept.match(request);
    if (former === undefined) throw error;
    return former;
  }
}
