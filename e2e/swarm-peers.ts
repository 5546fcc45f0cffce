import { type Browser, expect, type Frame } from "@playwright/test";
import { bundlePages } from "./kit-site.ts";
import { type Site, serveBuild } from "./site.ts";

/** What e2e/kit/attacker.ts can be; `honest` is none. */
export type AttackKind =
  | "honest"
  | "polluter"
  | "liar"
  | "slow"
  | "flooder"
  | "replayer"
  | "equivocator"
  | "oversize"
  | "babbler";

export interface JoinedPeer {
  readonly kind: AttackKind;
  /** As the others know it; undefined until it has said hello to somebody. */
  name(): Promise<string | undefined>;
  /** Frames that it has sent to how many peers. */
  done(): Promise<{ readonly said: number; readonly peers: number }>;
}

export interface JoinedPeers {
  readonly peers: readonly JoinedPeer[];
  close(): Promise<void>;
}

const FRAME = "/e2e/kit/swarm-peer.html";
const OUTER = "/e2e/kit/peers.html";

/** Serves the pages that the peers stand in. Built before anything plays: that takes this process, and an origin in it, a second. */
export async function servePeers(): Promise<Site> {
  return serveBuild({ files: await bundlePages([FRAME, OUTER]) });
}

/**
 * Peers of one page, each in a frame of its own: a swarm, real connections and an identity for each, and one process for all of them. `search` is
 * what a viewer of the room has in its address; `secret` the publisher's key, in base64.
 */
export async function joinPeers(
  browser: Browser,
  {
    site,
    kinds,
    search,
    secret = "",
  }: { readonly site: Site; readonly kinds: readonly AttackKind[]; readonly search: string; readonly secret?: string },
): Promise<JoinedPeers> {
  const context = await browser.newContext({ viewport: { width: 100, height: 100 } });
  const page = await context.newPage();
  await page.goto(`${site.url}${OUTER}`);
  const addresses = kinds.map((kind, index) => {
    const parameters = new URLSearchParams(search);
    for (const [word, value] of Object.entries({ kind, secret, index: String(index) })) parameters.set(word, value);
    return `${FRAME}?${parameters}`;
  });
  await page.evaluate((sources) => {
    for (const source of sources)
      document.body.append(Object.assign(document.createElement("iframe"), { src: source }));
  }, addresses);
  const frameAt = async (index: number): Promise<Frame> => {
    const suffix = `index=${index}`;
    const find = (): Frame | undefined => page.frames().find((frame) => frame.url().endsWith(suffix));
    await expect.poll(find, { message: `the frame of peer ${index}` }).toBeDefined();
    return find() as Frame;
  };
  const peers: JoinedPeer[] = [];
  for (const [index, kind] of kinds.entries()) {
    const frame = await frameAt(index);
    peers.push({
      kind,
      name: () => frame.evaluate(() => window.attacking?.peer),
      done: () => frame.evaluate(() => ({ said: window.attacking?.said ?? 0, peers: window.attacking?.peers ?? 0 })),
    });
  }
  return { peers, close: () => context.close() };
}
