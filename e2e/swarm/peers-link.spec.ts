import { type Browser, type BrowserContext, expect, type Page, test } from "@playwright/test";
import type { PeersOptions } from "eddy-hls";
import { serveSignal } from "../../src/node/signal-server.ts";
import type { PeerTransportStats } from "../../src/page/peers/peer-transport.ts";
import { MAX_SHARED_INIT_BYTES } from "../../src/wire/frame-limits.ts";
import { bundlePages } from "../kit-site.ts";
import { serveNostr, serveTracker } from "../public-signalling.ts";
import { type Site, serveBuild } from "../site.ts";

const PAGE = "/e2e/kit/peers.html";

let site: Site;
let contexts: BrowserContext[];

test.beforeAll(async () => {
  site = await serveBuild({ files: await bundlePages([PAGE]) });
});
test.afterAll(() => site.close());
test.beforeEach(() => {
  contexts = [];
});
test.afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
});

interface Peer {
  readonly page: Page;
  readonly self: string;
}

/** A browser of its own, as far as the page can tell, that joins the room. */
async function join(browser: Browser, room: string, options: PeersOptions): Promise<Peer> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.log(`page: ${error.message}`));
  await page.goto(`${site.url}${PAGE}`);
  await page.waitForFunction(() => window.listener !== undefined);
  const self = await page.evaluate(
    ([name, given]) => window.listener.join(name, { iceServers: [], upload: { consent: true }, ...given }),
    [room, options] as const,
  );
  return { page, self };
}

const neighbours = ({ page }: Peer): Promise<readonly string[]> =>
  page.evaluate(() => [...window.listener.neighbours.keys()]);
const stats = ({ page }: Peer): Promise<PeerTransportStats | undefined> =>
  page.evaluate(() => window.listener.transport?.stats);
const all = <T>(peers: readonly Peer[], ask: (peer: Peer) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(peers.map(ask));

/** The relay on a path of the server that serves the build, as the demo uses it. */
function previewRelay(baseURL: string | undefined): PeersOptions["signalling"] {
  return { kind: "relay", urls: [`${baseURL?.replace("http", "ws")}/eddy-signal`] };
}

async function untilMesh(peers: readonly Peer[]): Promise<void> {
  for (const peer of peers) {
    const others = peers.filter(({ self }) => self !== peer.self).map(({ self }) => self);
    await expect.poll(() => neighbours(peer), { timeout: 20_000 }).toHaveLength(others.length);
    expect([...(await neighbours(peer))].sort()).toEqual(others.sort());
  }
}

/** Everybody sends frames of two sizes to everybody; all of them come, whole. */
async function exchange(peers: readonly Peer[]): Promise<void> {
  for (const [count, sizeBytes] of [
    [100, 16 * 1024],
    [30, MAX_SHARED_INIT_BYTES],
  ] as const) {
    const send = ({ page }: Peer) =>
      page.evaluate(([n, size]) => window.listener.send(n, size), [count, sizeBytes] as const);
    const whole = ({ page }: Peer) => page.evaluate((size) => window.listener.whole(size), sizeBytes);
    await all(peers, send);
    const expected = peers.map(() => new Array(peers.length - 1).fill(count));
    await expect.poll(() => all(peers, whole), { timeout: 20_000 }).toEqual(expected);
  }
}

test("two browsers, then four, find each other through the demo's own server and exchange frames of up to 64 KiB both ways", async ({
  browser,
  baseURL,
}) => {
  const options = { signalling: previewRelay(baseURL) } as PeersOptions;
  const peers = [await join(browser, "pair", options), await join(browser, "pair", options)];
  await untilMesh(peers);
  await exchange(peers);
  peers.push(await join(browser, "pair", options), await join(browser, "pair", options));
  await untilMesh(peers);
  await exchange(peers);
  const told = await all(peers, stats);
  console.log(JSON.stringify(told));
  for (const one of told) expect(one).toMatchObject({ signalling: "open", links: 3, failures: {} });
  expect(await all(peers, ({ page }) => page.evaluate(() => window.listener.malformed))).toEqual([[], [], [], []]);
});

test("rooms, and secrets, keep apart who does not belong together", async ({ browser, baseURL }) => {
  const signalling = previewRelay(baseURL) as NonNullable<PeersOptions["signalling"]>;
  const [a, b] = [
    await join(browser, "apart", { signalling, secret: "one" }),
    await join(browser, "apart", { signalling, secret: "one" }),
  ];
  const other = await join(browser, "elsewhere", { signalling });
  const stranger = await join(browser, "apart", { signalling, secret: "two" });
  await untilMesh([a, b]);
  // They have tried, and whoever was to answer did not understand.
  const refusals = async () =>
    (await all([a, b, stranger], stats)).reduce((sum, told) => sum + (told?.failures.refused ?? 0), 0);
  await expect.poll(refusals, { timeout: 20_000 }).toBeGreaterThan(0);
  expect(await all([other, stranger], neighbours)).toEqual([[], []]);
  await untilMesh([a, b]);
});

test("of five browsers nobody ever has more than two neighbours, and everybody has one", async ({
  browser,
  baseURL,
}) => {
  const options = { signalling: previewRelay(baseURL), maxNeighbours: 2 } as PeersOptions;
  const peers: Peer[] = [];
  for (let n = 0; n < 5; n++) peers.push(await join(browser, "ring", options));
  await expect
    .poll(async () => Math.min(...(await all(peers, neighbours)).map(({ length }) => length)), { timeout: 40_000 })
    .toBeGreaterThan(0);
  console.log(JSON.stringify(await all(peers, neighbours)), JSON.stringify(await all(peers, stats)));
  const most = await all(peers, ({ page }) => page.evaluate(() => window.listener.most));
  expect(Math.max(...most)).toBeLessThanOrEqual(2);
});

test("signalling that goes away leaves the links as they are, and newcomers get in when it is back", async ({
  browser,
}) => {
  let signal = await serveSignal();
  const { port } = new URL(signal.url);
  const options: PeersOptions = { signalling: { kind: "relay", urls: [signal.url] } };
  const peers = [await join(browser, "down", options), await join(browser, "down", options)];
  await untilMesh(peers);
  await signal.close();
  await expect.poll(async () => (await stats(peers[0] as Peer))?.signalling).toBe("lost");
  await exchange(peers);
  expect((await stats(peers[0] as Peer))?.failures).toHaveProperty("signalling-unreachable");
  signal = await serveSignal({ port: Number(port) });
  try {
    peers.push(await join(browser, "down", options));
    await untilMesh(peers);
  } finally {
    await signal.close();
  }
});

test("a peer that sends what is no frame loses its connection, and the page goes on", async ({ browser, baseURL }) => {
  const options = { signalling: previewRelay(baseURL) } as PeersOptions;
  const [honest, liar] = [await join(browser, "liar", options), await join(browser, "liar", options)];
  await untilMesh([honest, liar]);
  await liar.page.evaluate(() => window.listener.lie([255, 1, 2, 3]));
  await expect.poll(() => neighbours(honest)).toEqual([]);
  await expect.poll(() => neighbours(liar)).toEqual([]);
  expect(await honest.page.evaluate(() => window.listener.malformed)).toHaveLength(1);
  expect((await stats(honest))?.failures).toMatchObject({ malformed: 1 });
});

for (const [kind, serve] of [
  ["nostr", serveNostr],
  ["torrent", serveTracker],
] as const) {
  test(`peers find each other over ${kind}, and the bound holds there too`, async ({ browser }) => {
    const relay = await serve();
    try {
      const options: PeersOptions = { signalling: { kind, urls: [relay.url] }, maxNeighbours: 1 };
      const peers = [await join(browser, "public", options), await join(browser, "public", options)];
      await untilMesh(peers);
      await exchange(peers);
      const third = await join(browser, "public", options);
      const refusals = async () =>
        (await all([...peers, third], stats)).reduce((sum, told) => sum + (told?.failures.refused ?? 0), 0);
      await expect.poll(refusals, { timeout: 20_000 }).toBeGreaterThan(0);
      await untilMesh(peers);
      expect(await neighbours(third)).toEqual([]);
    } finally {
      relay.close();
    }
  });
}

test("a page that was about to go, and stays, finds its peers again", async ({ browser, baseURL }) => {
  const options = { signalling: previewRelay(baseURL) } as PeersOptions;
  const peers = [await join(browser, "stay", options), await join(browser, "stay", options)];
  await untilMesh(peers);
  const [{ page }] = peers as [Peer, Peer];
  await page.evaluate(() => dispatchEvent(new Event("beforeunload")));
  await expect.poll(() => all(peers, neighbours)).toEqual([[], []]);
  await untilMesh(peers);
  await exchange(peers);
});

test("who leaves is gone for the others at once, and makes room", async ({ browser, baseURL }) => {
  const options = { signalling: previewRelay(baseURL), maxNeighbours: 1 } as PeersOptions;
  const [a, b] = [await join(browser, "leave", options), await join(browser, "leave", options)];
  await untilMesh([a, b]);
  await b.page.evaluate(() => window.listener.transport?.close());
  await expect.poll(() => neighbours(a)).toEqual([]);
  expect((await stats(a))?.failures).not.toHaveProperty("lost");
  await untilMesh([a, await join(browser, "leave", options)]);
});

test("relay-only finds no way but its TURN server: where that is away, no address is found and the reason is told", async ({
  browser,
  baseURL,
}) => {
  const options = {
    signalling: previewRelay(baseURL),
    mode: "relay-only",
    iceServers: [{ urls: "turn:127.0.0.1:9", username: "a", credential: "b" }],
  } as PeersOptions;
  const peers = [await join(browser, "hidden", options), await join(browser, "hidden", options)];
  // One of the two gave up first; it was not for want of signalling.
  const failures = async () => (await all(peers, stats)).flatMap((told) => Object.keys(told?.failures ?? {}));
  await expect.poll(failures, { timeout: 45_000 }).toContain("no-ice");
  expect(await all(peers, neighbours)).toEqual([[], []]);
});
