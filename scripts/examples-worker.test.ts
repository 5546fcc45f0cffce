import { beforeAll, beforeEach, expect, test, vi } from "vitest";

type Listener = (event: unknown) => void;

const SITE = "https://site.example";
const listeners = new Map<string, Listener[]>();
const kept = new Map<string, Response>();
let network: (request: Request) => Promise<Response> = async () => new Response();
/** What Cache Storage refuses, as its specification has it. */
let isFull = false;

beforeAll(async () => {
  vi.stubGlobal("self", {
    location: new URL(`${SITE}/sw.js`),
    addEventListener: (type: string, listener: Listener) =>
      void listeners.set(type, [...(listeners.get(type) ?? []), listener]),
  });
  vi.stubGlobal("location", new URL(`${SITE}/sw.js`));
  vi.stubGlobal("fetch", (request: Request) => network(request));
  vi.stubGlobal("caches", {
    open: async () => ({
      async put({ url }: Request, response: Response) {
        if (response.status === 206) throw new TypeError("a partial response is not kept");
        if (isFull) throw new DOMException("the disk is full", "QuotaExceededError");
        kept.set(url, new Response(await response.arrayBuffer(), response));
      },
      match: async ({ url }: Request) => kept.get(url)?.clone(),
    }),
  });
  vi.mock("eddy-hls/worker", () => ({
    dvr: () => undefined,
    createRelay: () => ({ receive: () => false, match: () => undefined }),
  }));
  // Its types are a Service Worker's, which this is none of.
  const worker = "../examples/sw.ts";
  await import(worker);
});

beforeEach(() => {
  isFull = false;
});

/** What a page is answered, once all that the worker still has to do is done. */
async function answerTo(path: string): Promise<Response> {
  let answer: Promise<Response> | undefined;
  const later: Promise<unknown>[] = [];
  for (const listener of listeners.get("fetch") ?? [])
    listener({
      request: new Request(`${SITE}${path}`),
      respondWith: (response: Promise<Response>) => {
        answer = response;
      },
      waitUntil: (promise: Promise<unknown>) => void later.push(promise),
    });
  const response = await answer;
  if (response === undefined) throw new Error(`${path} was left to the network`);
  await Promise.all(later);
  return response;
}

test("a page is kept, and is there without a network", async () => {
  network = async () => new Response("hello");
  expect(await (await answerTo("/page")).text()).toBe("hello");
  network = async () => Promise.reject(new TypeError("no network"));
  expect(await (await answerTo("/page")).text()).toBe("hello");
  await expect(answerTo("/other")).rejects.toThrow("no network");
});

test("what cannot be kept is answered all the same: a part of a file, and where the disk is full", async () => {
  network = async () => new Response("hell", { status: 206 });
  expect((await answerTo("/film.mp4")).status).toBe(206);
  isFull = true;
  network = async () => new Response("hello");
  expect(await (await answerTo("/large")).text()).toBe("hello");
});
