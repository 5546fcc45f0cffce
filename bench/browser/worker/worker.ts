import type { Bytes } from "eddy-hls/core";
import { createRelay } from "eddy-hls/worker";
import { clientsClaim } from "workbox-core/clientsClaim.js";
import { Route } from "workbox-routing/Route.js";
import { Router } from "workbox-routing/Router.js";
import { CacheFirst } from "workbox-strategies/CacheFirst.js";
import { BASE, BODIES, CACHE_NAME, HELD_MESSAGE, SCOPE } from "../contract.ts";
import { openMedia, STORE } from "../database.ts";
import { MAKE_BODY } from "./bodies.ts";
import { measureWork } from "./work.ts";

declare const self: ServiceWorkerGlobalScope;

// All contestants live in one worker: what they share, from the event to the renderer, is the same for each.
const relay = createRelay(self, { base: BASE });
const constants = new Map<string, readonly Bytes[]>();
const router = new Router();
router.registerRoute(
  new Route(({ url }) => url.pathname.startsWith(`${SCOPE}workbox/`), new CacheFirst({ cacheName: CACHE_NAME })),
);
const database = openMedia();

const FLOOR = `${self.location.origin}${SCOPE}floor/`;
const BODY = `${self.location.origin}${SCOPE}body/`;
const INDEXEDDB = `${self.location.origin}${SCOPE}indexeddb/`;
const WORK = `${self.location.origin}${SCOPE}work?`;
const HELD = `${self.location.origin}${SCOPE}held`;
const HEADERS = { "content-type": "video/mp4" };

let release: ((text: Bytes) => void) | undefined;

/** `pieces` views that make up `sizeBytes`, made once. */
function constant(sizeBytes: number, pieces = 1): readonly Bytes[] {
  const key = `${sizeBytes}/${pieces}`;
  let views = constants.get(key);
  if (views === undefined) {
    views = Array.from({ length: pieces }, () => new Uint8Array(sizeBytes / pieces).fill(7));
    constants.set(key, views);
  }
  return views;
}

function floor(url: string): Response {
  const sizeBytes = Number(url.slice(FLOOR.length).split("/", 1)[0]);
  return new Response(MAKE_BODY["pull, 0 ahead"](constant(sizeBytes)), { headers: HEADERS });
}

function body(url: string): Response {
  const [kind = 0, pieces = 1, sizeBytes = 0] = url.slice(BODY.length).split("/").map(Number);
  const make = MAKE_BODY[BODIES[kind] ?? "start"];
  return new Response(make(constant(sizeBytes, pieces)), { headers: HEADERS });
}

async function stored(url: string): Promise<Response> {
  const bytes = (await (await database).get(STORE, url.slice(INDEXEDDB.length))) as Bytes;
  return new Response(MAKE_BODY["pull, 0 ahead"]([bytes]), { headers: HEADERS });
}

async function work({ searchParams }: URL): Promise<Response> {
  const url = new URL(searchParams.get("url") ?? "", self.location.href).href;
  const constantUrl = `${FLOOR}65536/0`;
  return Response.json(await measureWork(url, { floor: () => floor(constantUrl), eddy: relay.match }));
}

/** The floor of a blocking reload: a request that is held until a message comes. */
function held(): Promise<Response> {
  return new Promise((resolve) => {
    release = (text) => resolve(new Response(MAKE_BODY["pull, 0 ahead"]([text]), { headers: HEADERS }));
  });
}

/** Tells the page that its request waits here, so that no message overtakes it. */
function tellHeld(event: FetchEvent): void {
  event.waitUntil(self.clients.get(event.clientId).then((client) => client?.postMessage(HELD_MESSAGE)));
}

clientsClaim();
self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { url } = request;
  if (url.startsWith(FLOOR)) return event.respondWith(floor(url));
  const answer = relay.match(request);
  if (answer !== undefined) {
    event.respondWith(answer);
    if (url.includes("_HLS_msn=")) tellHeld(event);
    return;
  }
  if (url.startsWith(BODY)) return event.respondWith(body(url));
  if (url.startsWith(INDEXEDDB)) return event.respondWith(stored(url));
  if (url.startsWith(WORK)) return event.respondWith(work(new URL(url)));
  if (url === HELD) {
    event.respondWith(held());
    return tellHeld(event);
  }
  const routed = router.handleRequest({ event, request });
  if (routed !== undefined) event.respondWith(routed);
});

self.addEventListener("message", (event) => {
  if (relay.receive(event)) return;
  if (event.data instanceof Uint8Array) {
    const [text] = constant(4_096);
    if (text !== undefined) release?.(text);
  }
});
