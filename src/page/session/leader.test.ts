import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createMatch } from "../../http/handler.ts";
import { testInit, testPart } from "../../media/media.test-support.ts";
import { systemClock } from "../../model/clock.ts";
import type { RelayError } from "../../model/errors.ts";
import { Playlists } from "../../origin/playlists.ts";
import type { Rendition } from "../../origin/rendition.ts";
import { Swarm } from "../../swarm/swarm.ts";
import { WorkerLink, type WorkerPort } from "../worker-link.ts";
import { Leader } from "./leader.ts";
import type { LeaderContext } from "./leader-context.ts";
import * as originCode from "./origin-code.ts";
import { openRelayFeed } from "./relay-feed.ts";
import type { SessionFailure } from "./session-stats.ts";
import { trustOf } from "./stream-trust.ts";

/** The worker's side, real but for its host; its sources know another host's types than this file (tsconfig.*.json). */
interface WorkerStandIn {
  readonly clients: Map<string, unknown>;
  port(clientId: string): WorkerPort;
  text(path: string): Promise<string>;
}
const SUPPORT = new URL("../../../sw/worker.test-support.ts", import.meta.url).pathname;
const { Client, TestWorker } = (await import(SUPPORT)) as {
  readonly Client: unknown;
  readonly TestWorker: new () => WorkerStandIn;
};

const PART_MS = 200;
const PARTS_PER_SEGMENT = 5;
const ORIGIN_URL = "https://origin.example/live/news/main.m3u8";

let worker: WorkerStandIn;
let origin: Rendition;
let published: number;
/** Media requests that the origin had. */
let asked: string[];
let fetchOrigin: (url: string, init: RequestInit) => Promise<Response>;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
  vi.stubGlobal("Client", Client);
  worker = new TestWorker();
  const playlists = new Playlists();
  const stream = playlists.open("news", {
    options: {
      renditions: [{ id: "video", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }],
      partTargetMs: PART_MS,
      targetDurationMs: 1000,
      segmentMinMs: 1000,
    },
    epoch: "o1",
  });
  origin = stream.rendition("video");
  origin.setInit(testInit());
  published = 0;
  asked = [];
  const match = createMatch(playlists);
  fetchOrigin = async (url, init) => {
    const part = /part-(\d+)\.mp4/.exec(url)?.[1];
    if (part !== undefined) asked.push(part);
    return (await match(new Request(url, init))) ?? Response.error();
  };
  for (let n = 0; n < 33; n++) publishPart();
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function publishPart(): void {
  const n = published++;
  const independent = n % PARTS_PER_SEGMENT === 0;
  const bytes = testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent });
  origin.addPart({ bytes, durationMs: PART_MS, independent, programDateTimeMs: 1_800_000_000_000 + n * PART_MS });
}

/** Lets so many parts be published, one each part target. */
async function pass(parts: number): Promise<void> {
  for (let count = 0; count < parts; count++) {
    publishPart();
    for (let turn = 0; turn < 10; turn++) {
      await vi.advanceTimersByTimeAsync(PART_MS / 10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

interface Tab {
  readonly leader: Leader;
  readonly problems: (RelayError | undefined)[];
  close(): Promise<void>;
}

async function lead(
  tab: string,
  { peers, failures = [] }: { readonly peers?: object; readonly failures?: SessionFailure[] } = {},
): Promise<Tab> {
  const problems: (RelayError | undefined)[] = [];
  const source = { url: ORIGIN_URL };
  const proven = await trustOf({ name: "studio", hasPeers: false, origin: source });
  const context: LeaderContext = {
    link: new WorkerLink(worker.port(tab)),
    clock: systemClock,
    newEpoch: () => `epoch${tab}`,
    makeSwarm: (swarm) => new Swarm(swarm),
    openRelayFeed,
    originCode,
    fetch: fetchOrigin,
    random: () => 0.5,
    bufferAheadMs: () => undefined,
    isSuccessor: () => false,
    listener: {
      role: () => undefined,
      failure: (failure) => failures.push(failure),
      banned: () => undefined,
      ended: () => undefined,
      problem: (error) => problems.push(error),
    },
  };
  const plan = { name: "studio", origin: source, ...proven, ...(peers === undefined ? {} : { peers: peers as never }) };
  const leader = new Leader(plan, context);
  const aborter = new AbortController();
  const run = leader.run(aborter.signal);
  run.catch(() => undefined);
  return {
    leader,
    problems,
    async close() {
      aborter.abort();
      await pass(1);
      await run;
    },
  };
}

const playlist = () => worker.text("studio/video/media.m3u8");
/** Decode times would jump if a part were missing, and the worker would refuse it. */
const idsIn = (text: string) =>
  [...text.matchAll(/(\w+)\/part-(\d+)\.mp4"(?!.*HINT)/g)].map(([, epoch, id]) => `${epoch} ${id}`);

test("a viewer of an origin has its last three target durations at once, and each new part, each fetched once", async () => {
  const { leader, problems } = await lead("a");
  await pass(10);
  leader.look();
  const stats = leader.stats.now;
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  expect(stats.parts).toMatchObject({ peer: 0, missed: 0 });
  expect(stats.refused).toBe(0);
  // From the start of a segment: 15 parts to 17 before the newest, and the ten that came since.
  expect(stats.parts.origin).toBeGreaterThanOrEqual(25);
  expect(stats.bytes.origin).toBeGreaterThan(0);
  expect(new Set(asked).size).toBe(asked.length);
  const text = await playlist();
  expect(text).not.toMatch(/GAP|DISCONTINUITY\n/);
  expect(text).toContain("#EXTINF:1.00000,");
});

test("the next leader goes on with the next part: one epoch, nothing missing, nothing twice", async () => {
  const first = await lead("a");
  await pass(6);
  await first.close();
  worker.clients.delete("a");
  // While nobody leads, the origin goes on.
  await pass(4);
  const before = idsIn(await playlist());
  const second = await lead("b");
  await pass(8);
  const text = await playlist();
  const after = idsIn(text);
  expect(text).not.toMatch(/GAP|DISCONTINUITY\n/);
  expect(new Set(after.map((id) => id.split(" ")[0]))).toEqual(new Set(["epocha"]));
  second.leader.look();
  expect(second.leader.stats.now).toMatchObject({ refused: 0, parts: { missed: 0 } });
  const numberOf = (id = ""): number => Number(id.split(" ")[1]);
  expect(numberOf(after.at(-1)) - numberOf(before.at(-1))).toBeGreaterThanOrEqual(11);
  const numbers = after.map(numberOf);
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
});

test("a viewer of an origin that is numbered beyond what peers tell apart plays without them, and is told", async () => {
  const [ordinary, numberedFrom] = [fetchOrigin, 1_800_000_000_000];
  fetchOrigin = async (url, init) => {
    const asked = url.replace(/(?<=_HLS_msn=)\d+/, (msn) => String(Number(msn) - numberedFrom));
    const response = await ordinary(asked, init);
    if (!url.includes("media.m3u8")) return response;
    const text = await response.text();
    return new Response(text.replace(/(?<=MEDIA-SEQUENCE:)\d+/, (msn) => String(numberedFrom + Number(msn))));
  };
  const failures: SessionFailure[] = [];
  const open = vi.fn();
  const { leader, problems, close } = await lead("a", { peers: { config: {}, open }, failures });
  await pass(10);
  leader.look();
  expect(leader.stats.now).toMatchObject({ refused: 0, parts: { peer: 0, missed: 0 } });
  expect(leader.stats.now.parts.origin).toBeGreaterThanOrEqual(25);
  expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  expect(failures).toMatchObject([{ reason: "origin-numbers" }]);
  expect(open).not.toHaveBeenCalled();
  await close();
});

test("a tab that closes while peers are opened for it leaves none of them behind", async () => {
  const done: string[] = [];
  const transport = {
    uploads: { state: { on: false }, onChange: () => () => undefined },
    config: { upload: { maxBps: 0 }, maxNeighbours: 12 },
    self: "viewer",
    start: () => done.push("start"),
    close: async () => void done.push("close"),
  };
  let open: (found: unknown) => void = () => undefined;
  const peers = { config: {}, open: () => new Promise((resolve) => (open = resolve)) };
  const proven = await trustOf({ name: "studio", hasPeers: true, integrity: "none" });
  const swarm = { close: () => done.push("goodbye") };
  const context = { clock: systemClock, isSuccessor: () => false, listener: {}, makeSwarm: () => swarm };
  const leader = new Leader({ name: "studio", peers: peers as never, ...proven }, context as unknown as LeaderContext);
  const preparing = leader.prepare();
  const discarding = leader.discard();
  open(transport);
  await preparing;
  await vi.advanceTimersByTimeAsync(2_000);
  await discarding;
  expect(done.slice(-2)).toEqual(["goodbye", "close"]);
});
