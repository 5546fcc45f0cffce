import { createHash } from "node:crypto";
import { type Browser, expect, test } from "@playwright/test";
import { serveSignal } from "../../src/node/signal-server.ts";
import { startFfmpegOrigin } from "../ffmpeg-origin.ts";
import { type HeldMedia, heldMedia } from "../held-media.ts";
import { startSigner } from "../origin-signer.ts";
import type { Site } from "../site.ts";
import { type AttackKind, type JoinedPeer, joinPeers, servePeers } from "../swarm-peers.ts";
import { openSwarmPublisher } from "../swarm-publisher.ts";
import { openSwarmViewer, type Seen, type SwarmViewer, summary, untilShared } from "../swarm-viewers.ts";

const OBSERVED_MS = 25_000;
const TUNE_IN_MS = 6_000;
/** Who has left is forgotten by then. */
const BETWEEN_MS = 3_000;
/** Of the ffmpeg origin: small pictures, of as many bytes as larger ones. What is measured is the swarm, and not the decoders. */
const PICTURE = { width: 256, height: 144 };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A stream and its room. */
interface Room {
  /** What a viewer has in its address. */
  readonly search: string;
  /** Of the stream, in base64, where an attacker may have it. */
  readonly secret?: string;
  published(): Promise<HeldMedia>;
  close(): Promise<void>;
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A stream from an origin, which is the floor: who gets nothing of peers gets it there. */
async function originRoom(): Promise<Room> {
  const signal = await serveSignal();
  const origin = await startFfmpegOrigin(PICTURE);
  const signer = await startSigner(origin.url);
  const { url: headers, fingerprint: key } = signer;
  const search = { watch: "studio", origin: origin.url, headers, key, peers: "on", signal: signal.url };
  return {
    search: String(new URLSearchParams(search)),
    secret: signer.key,
    async published() {
      const fragments: string[] = [];
      for (let part = origin.part(0); part !== undefined; part = origin.part(fragments.length))
        fragments.push(sha256(part));
      return { fragments, inits: origin.inits.map(sha256) };
    },
    async close() {
      await signer.close();
      await origin.close();
      await signal.close();
    },
  };
}

/** A stream that a page publishes: there is nobody to ask but peers. */
async function publisherRoom(browser: Browser): Promise<Room> {
  const signal = await serveSignal();
  const publisher = await openSwarmPublisher(browser, { name: "studio", signal: signal.url });
  return {
    search: publisher.watchUrl.slice(2),
    published: () => heldMedia(publisher.page, "studio"),
    async close() {
      await publisher.context.close();
      await signal.close();
    },
  };
}

let site: Site;

test.beforeAll(async () => {
  site = await servePeers();
});
test.afterAll(() => site.close());

interface Joined {
  readonly browser: Browser;
  readonly room: Room;
  readonly viewers: readonly SwarmViewer[];
  readonly kinds: readonly AttackKind[];
}

/** Lets peers of these kinds into a room for a while; what its viewers have borne meanwhile, and what `judge` makes of it before they leave. */
async function whileJoined<T>(
  { browser, room, viewers, kinds }: Joined,
  judge: (names: ReadonlyMap<string, AttackKind>, peers: readonly JoinedPeer[]) => Promise<T>,
): Promise<{ seen: readonly Seen[]; judged: T }> {
  await Promise.all(viewers.map((viewer) => viewer.watchFromNow()));
  const { search, secret = "" } = room;
  const joined = await joinPeers(browser, { site, kinds, search, secret });
  try {
    const names = new Map<string, AttackKind>();
    for (const { name, kind } of joined.peers) {
      await expect.poll(name, { message: `hello of the ${kind}`, timeout: 20_000 }).toBeTruthy();
      names.set((await name()) ?? "", kind);
    }
    await pause(OBSERVED_MS);
    const judged = await judge(names, joined.peers);
    return { seen: await Promise.all(viewers.map((viewer) => viewer.seen())), judged };
  } finally {
    await joined.close();
  }
}

interface Attacked {
  readonly room: (browser: Browser) => Promise<Room>;
  readonly browser: Browser;
  readonly title: string;
  readonly viewers: number;
  readonly attackers: readonly AttackKind[];
  /** Who must have been banned by somebody in the end. */
  readonly banned: readonly AttackKind[];
  /** Who must have lost a connection for what was no frame. */
  readonly cutOff?: readonly AttackKind[];
}

const stalledMs = (seen: readonly Seen[]): number =>
  seen.flatMap(({ stallsMs }) => stallsMs).reduce((sum, ms) => sum + ms, 0);

/**
 * Honest viewers, first with as many more that mean well, then with attackers, in one room: nothing that was not published gets into a ring, and
 * no picture stands that would not have stood anyway.
 */
async function expectUnharmed({
  room: open,
  browser,
  title,
  viewers: count,
  attackers: kinds,
  banned,
  cutOff = [],
}: Attacked): Promise<void> {
  const room = await open(browser);
  const viewers: SwarmViewer[] = [];
  try {
    for (let number = 1; number <= count; number++)
      viewers.push(await openSwarmViewer(browser, `viewer ${number}`, `/?${room.search}`));
    await untilShared(viewers, 2);
    await pause(TUNE_IN_MS);
    const joined = { browser, room, viewers };
    const control = await whileJoined({ ...joined, kinds: kinds.map(() => "honest" as const) }, async () => undefined);
    await pause(BETWEEN_MS);
    const { seen, judged } = await whileJoined({ ...joined, kinds }, async (names, peers) => {
      const bansOf = async (): Promise<{ by: string; kind: string; reason: string }[]> => {
        const all = [];
        for (const honest of viewers)
          for (const { peer, reason } of (await honest.figures()).bans)
            all.push({ by: honest.name, kind: names.get(peer) ?? peer, reason: reason.slice(0, 80) });
        return all;
      };
      for (const kind of banned) {
        await expect
          .poll(async () => (await bansOf()).map((ban) => ban.kind), {
            message: `the ${kind} is banned`,
            timeout: 20_000,
          })
          .toContain(kind);
      }
      for (const kind of cutOff) {
        const lost = async (): Promise<unknown[]> => {
          const all = await Promise.all(viewers.map(async (viewer) => (await viewer.figures()).failures));
          return all.flat().flatMap(({ reason, peer = "" }) => (reason === "malformed" ? [names.get(peer)] : []));
        };
        await expect.poll(lost, { message: `the ${kind} is cut off`, timeout: 20_000 }).toContain(kind);
      }
      const done = await Promise.all(peers.map(async (peer) => ({ kind: peer.kind, ...(await peer.done()) })));
      return { bans: await bansOf(), done };
    });
    const held = await Promise.all(viewers.map(({ page }) => heldMedia(page, "studio")));
    // After the viewers': nothing that they have can be newer.
    const published = await room.published();
    const report: Record<string, unknown> = {};
    for (const [index, viewer] of viewers.entries()) {
      const { fragments = [], inits = [] } = held[index] ?? {};
      const foreign = fragments.filter((hash) => !published.fragments.includes(hash));
      const { parts, refused } = await viewer.figures();
      const [before, each] = [control.seen[index], seen[index]];
      if (before === undefined || each === undefined) continue;
      report[viewer.name] = {
        control: summary(before),
        attacked: summary(each),
        held: fragments.length,
        parts,
        refused,
      };
      expect.soft(foreign, `fragments in the ring of ${viewer.name} that were never published`).toEqual([]);
      expect.soft(fragments.length, `fragments in the ring of ${viewer.name}`).toBeGreaterThan(OBSERVED_MS / 1000);
      const foreignInits = inits.filter((hash) => !published.inits.includes(hash));
      expect.soft(foreignInits, "init segments").toEqual([]);
      expect.soft(each.fatal, `fatal errors of ${viewer.name}`).toEqual([]);
      expect.soft(each.errors, `errors of ${viewer.name} that its page did not foresee`).toEqual([]);
    }
    console.log(`${title}: ${JSON.stringify({ report, ...judged })}`);
    expect.soft(stalledMs(seen), "stalls beyond those of the control, ms").toBeLessThanOrEqual(stalledMs(control.seen));
    const blameless = judged.bans.filter(({ kind }) => !kinds.includes(kind as AttackKind));
    expect(blameless, "bans of who did nothing").toEqual([]);
    for (const { kind, said, peers } of judged.done) {
      expect(peers, `peers of the ${kind}`).toBeGreaterThan(0);
      expect(said, `frames of the ${kind}`).toBeGreaterThan(1);
    }
  } finally {
    for (const { context } of viewers) await context.close();
    await room.close();
  }
}

test("who sends other bytes or other headers is banned, who sends no frames is cut off, and none of them harms anybody", async ({
  browser,
}, { title }) => {
  test.setTimeout(180_000);
  const attackers = ["polluter", "equivocator", "oversize", "babbler"] as const;
  await expectUnharmed({
    room: originRoom,
    browser,
    title,
    viewers: 3,
    attackers,
    banned: ["polluter", "equivocator"],
    cutOff: ["oversize", "babbler"],
  });
});

test("who lies about what it has is banned, and neither it nor who is slow, floods or replays harms anybody", async ({
  browser,
}, { title }) => {
  test.setTimeout(180_000);
  const attackers = ["liar", "slow", "flooder", "replayer"] as const;
  await expectUnharmed({ room: publisherRoom, browser, title, viewers: 3, attackers, banned: ["liar"] });
});

test("five polluters among five viewers: the viewers see the stream, and the polluters are banned", async ({
  browser,
}, { title }) => {
  test.setTimeout(180_000);
  const attackers = ["polluter", "polluter", "polluter", "polluter", "polluter"] as const;
  await expectUnharmed({ room: originRoom, browser, title, viewers: 5, attackers, banned: ["polluter"] });
});
