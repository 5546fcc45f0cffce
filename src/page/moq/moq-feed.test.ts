import type { Broadcast } from "@moq/net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testAudioPart, testInit, testPart } from "../../media/media.test-support.ts";
import type { Bytes } from "../../model/bytes.ts";
import { systemClock } from "../../model/clock.ts";
import { RelayError } from "../../model/errors.ts";
import type { StreamOptions } from "../../model/options.ts";
import type { PartKey, StreamCard } from "../../model/part-header.ts";
import { encodeBase64 } from "../../moq/catalog.ts";
import type { MoqOutlet, MoqSession, MoqTransport } from "../../moq/moq-session.ts";
import { KeyPair } from "../../swarm/proof/key-pair.ts";
import { StreamProof } from "../../swarm/proof/stream-proof.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import type { RelayFeedOptions } from "../session/relay-feed.ts";
import { Seeder } from "../session/seeder.ts";
import { NetBroadcast } from "./moq-connection.ts";
import { MoqFeed } from "./moq-feed.ts";
import { NetOutlet } from "./moq-outlet.ts";
import { moq } from "./moq-source.ts";
import { MoqUplink } from "./moq-uplink.ts";

const SOURCE = moq({ url: "https://relay.example", name: "live/studio" });
const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", bandwidth: 1_000_000, codecs: "avc1.42c01f", width: 640, height: 360 }],
  partTargetMs: 200,
  targetDurationMs: 1_000,
  segmentMinMs: 800,
};
const INIT = testInit({ video: TEST_VIDEO });

/** A relay without a network: what is published is there for whoever connects, by the real model of tracks and groups. */
class LoopRelay {
  readonly sessions = new Set<LoopSession>();
  readonly broadcasts = new Map<string, Broadcast.Producer>();
  isDown = false;

  readonly connect = async (): Promise<MoqSession> => {
    if (this.isDown) throw new RelayError("relay-unreachable", "it is down");
    const session = new LoopSession(this);
    this.sessions.add(session);
    return session;
  };

  /** Every session ends, and nobody gets in until it is up again. */
  kill(): void {
    this.isDown = true;
    for (const session of [...this.sessions]) session.close();
  }
}

class LoopSession implements MoqSession {
  readonly relay = "https://relay.example";
  readonly version = "moq-lite-05";
  readonly transport: MoqTransport = "webtransport";
  readonly canFetch = false;
  readonly closed: Promise<void>;
  readonly #relay: LoopRelay;
  readonly #own = new Set<string>();
  #end: () => void = () => undefined;

  constructor(relay: LoopRelay) {
    this.#relay = relay;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async watch(name: string, signal: AbortSignal): Promise<NetBroadcast> {
    for (;;) {
      signal.throwIfAborted();
      const producer = this.#relay.broadcasts.get(name);
      if (producer !== undefined) {
        const consumer = producer.consume();
        const gone = Promise.race([this.closed, Promise.resolve(producer.closed).then(() => undefined)]);
        return new NetBroadcast(consumer, { closed: gone, close: () => undefined });
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  publish(name: string, outlet: MoqOutlet): void {
    this.#own.add(name);
    this.#relay.broadcasts.set(name, (outlet as NetOutlet).broadcast());
  }

  close(): void {
    for (const name of this.#own) {
      this.#relay.broadcasts.get(name)?.close();
      this.#relay.broadcasts.delete(name);
    }
    this.#own.clear();
    this.#relay.sessions.delete(this);
    this.#end();
  }
}

let relay: LoopRelay;
let cleanUp: (() => void)[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  vi.spyOn(console, "warn").mockReturnValue();
  relay = new LoopRelay();
  cleanUp = [];
});
afterEach(() => {
  for (const close of cleanUp) close();
  vi.useRealTimers();
});

/** Of the host: proofs are made beside this thread, in their own time. */
const hostTimeout = setTimeout;

/** Waits, while the test's clock stands still. */
async function until(done: () => boolean): Promise<void> {
  for (let turn = 0; turn < 5_000 && !done(); turn++) await new Promise((resolve) => hostTimeout(resolve, 1));
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 20) {
    await vi.advanceTimersByTimeAsync(Math.min(20, left));
    for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function publisher(keys: KeyPair, epoch = "e1") {
  const uplink = new MoqUplink(SOURCE, { name: "studio", options: OPTIONS, clock: systemClock, random: () => 0 }, () =>
    relay.connect(),
  );
  const seeder = new Seeder({ name: "studio", options: OPTIONS, epoch, keys, sinks: [uplink] });
  await seeder.open();
  seeder.taken("main", { kind: "init", bytes: INIT }, {});
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const n = published++;
      const bytes = testPart({ firstFrame: n * 6, frames: 6, independent: n % 4 === 0, audio: false });
      const step = {
        kind: "part",
        bytes,
        durationMs: 200,
        independent: n % 4 === 0,
        programDateTimeMs: Date.now(),
      } as const;
      const position = { msn: 1 + Math.floor(n / 4), part: n % 4 };
      seeder.taken("main", step, {
        position,
        ...(n % 4 === 0 ? { segmentStart: { msn: position.msn } } : {}),
      } as never);
      await seeder.settled();
      await pass(200);
    }
  };
  cleanUp.push(() => uplink.close());
  return { uplink, publish, seeder };
}

function viewer(options: Partial<RelayFeedOptions> = {}) {
  const heard = {
    cards: [] as StreamCard[],
    parts: [] as SharedPart[],
    inits: 0,
    missed: [] as PartKey[],
    troubles: [] as (string | undefined)[],
  };
  const aborter = new AbortController();
  const feed = new MoqFeed(
    SOURCE,
    {
      name: "studio",
      clock: systemClock,
      random: () => 0,
      proof: undefined,
      swarm: undefined,
      last: () => undefined,
      ...options,
      listener: {
        card: async (card) => void heard.cards.push(card),
        init: () => {
          heard.inits += 1;
        },
        list: () => undefined,
        part: (part) => heard.parts.push(part),
        miss: (key) => heard.missed.push(key),
        trouble: (error) => heard.troubles.push(error?.code),
      },
    },
    () => relay.connect(),
  );
  void feed.run(aborter.signal);
  cleanUp.push(() => aborter.abort());
  const at = () => heard.parts.map(({ key }) => `${key.msn}.${key.part}`);
  return { feed, heard, at };
}

test("what one page signs, another gets by a relay: its card, its init segment and each part, proven", async () => {
  const keys = await KeyPair.generate();
  const { publish, uplink } = await publisher(keys);
  await publish(6);
  const { feed, heard, at } = viewer({ proof: new StreamProof({ fingerprint: keys.fingerprint, name: "studio" }) });
  await pass(100);
  await publish(4);
  expect(heard.cards.map(({ epoch, options }) => [epoch, options])).toEqual([["e1", OPTIONS]]);
  expect(heard.inits).toBe(1);
  const ids = Array.from({ length: 10 }, (_, n) => `${1 + Math.floor(n / 4)}.${n % 4}`);
  await until(() => at().length === ids.length);
  expect([...at()].sort()).toEqual(ids);
  expect(feed.stats).toMatchObject({
    parts: 10,
    relay: { state: "open", transport: "webtransport", subscriptions: 1, refused: 0 },
  });
  expect(uplink.stats).toMatchObject({ state: "open", sessions: 1 });
});

test("a relay that is killed and comes back is gone on with, and no part comes twice", async () => {
  const keys = await KeyPair.generate();
  const { publish } = await publisher(keys);
  const { feed, heard, at } = viewer();
  await pass(100);
  await publish(3);
  relay.kill();
  await publish(2);
  relay.isDown = false;
  await publish(6);
  expect(new Set(at()).size).toBe(at().length);
  // The publisher keeps its newest segments for who comes back.
  expect([...at()].sort()).toEqual(["1.0", "1.1", "1.2", "1.3", "2.0", "2.1", "2.2", "2.3", "3.0", "3.1", "3.2"]);
  expect(heard.troubles).toContain("relay-unreachable");
  expect(heard.troubles.at(-1)).toBeUndefined();
  expect(feed.stats.relay.sessions).toBe(2);
});

test("a stream that another key signs is not played", async () => {
  const { publish } = await publisher(await KeyPair.generate());
  const other = await KeyPair.generate();
  const { heard, feed } = viewer({ proof: new StreamProof({ fingerprint: other.fingerprint, name: "studio" }) });
  await publish(3);
  await until(() => heard.troubles.includes("unproven"));
  expect(heard.parts).toEqual([]);
  expect(heard.troubles).toContain("unproven");
  expect(feed.stats.relay.lastRefusal).toContain("unproven");
});

test("a publisher that begins anew is followed into its new epoch", async () => {
  const keys = await KeyPair.generate();
  const first = await publisher(keys, "e1");
  const { heard } = viewer();
  await first.publish(5);
  first.uplink.close();
  await pass(100);
  const second = await publisher(keys, "e2");
  await second.publish(5);
  expect(heard.cards.map(({ epoch }) => epoch)).toEqual(["e1", "e2"]);
  expect(heard.parts.filter(({ signed }) => signed.header.epoch === "e2").length).toBeGreaterThanOrEqual(4);
});

test("with a swarm, media is subscribed to while it asks, and let go of after", async () => {
  const keys = await KeyPair.generate();
  const { publish } = await publisher(keys);
  const announced: string[] = [];
  const provided: string[] = [];
  const failed: PartKey[] = [];
  const { feed, heard } = viewer({
    proof: new StreamProof({ fingerprint: keys.fingerprint, name: "studio" }),
    swarm: {
      setCard: () => undefined,
      announce: ({ msn, part }) => announced.push(`${msn}.${part}`),
      provide: ({ header }) => provided.push(`${header.msn}.${header.part}`),
      provideInit: () => undefined,
      fetchFailed: (key) => failed.push(key),
    },
  });
  await publish(4);
  expect(announced).toEqual(["1.0", "1.1", "1.2", "1.3"]);
  expect(provided).toEqual([]);
  expect(feed.stats.relay.subscriptions).toBe(0);
  feed.fetch({ rendition: 0, msn: 1, part: 1 }, new AbortController().signal);
  await pass(100);
  await until(() => provided.includes("1.1"));
  expect(provided).toContain("1.1");
  expect(feed.stats.relay.subscriptions).toBe(1);
  await publish(1);
  await until(() => provided.includes("2.0"));
  expect(provided).toContain("2.0");
  await pass(5_000);
  expect(feed.stats.relay.subscriptions).toBe(0);
  feed.fetch({ rendition: 0, msn: 99, part: 0 }, new AbortController().signal);
  await pass(2_000);
  expect(failed.map(({ msn }) => msn)).toEqual([99]);
  expect(heard.parts).toEqual([]);
});

test("a publisher that signs nothing is played by what its media tells", async () => {
  const outlet = new NetOutlet();
  const [video, sound] = [outlet.openTrack("video/0", 100), outlet.openTrack("audio/0", 150)];
  const cmaf = (init: Bytes) => ({ kind: "cmaf", init: encodeBase64(init) });
  const catalog = {
    video: { renditions: { "video/0": { codec: "avc1.42c01f", container: cmaf(INIT) } } },
    audio: { renditions: { "audio/0": { codec: "opus", container: cmaf(testInit({ audio: TEST_AUDIO })) } } },
  };
  outlet
    .openTrack("catalog.json", 250)
    .openGroup(0)
    .write(new TextEncoder().encode(JSON.stringify(catalog)) as Bytes);
  const session = await relay.connect();
  session.publish("live/studio", outlet);
  const { heard } = viewer();
  await pass(100);
  for (let group = 0; group < 3; group++) {
    const pictures = video.openGroup(group);
    for (let n = group * 30; n < group * 30 + 30; n++) {
      pictures.write(testPart({ firstFrame: n, frames: 1, independent: n % 30 === 0, audio: false }));
      const tone = sound.openGroup(n);
      tone.write(
        testAudioPart({
          firstSample: Math.round((n * 50) / 30),
          samples: Math.round(((n + 1) * 50) / 30) - Math.round((n * 50) / 30),
        }),
      );
      tone.close();
      await pass(1000 / 30);
    }
    pictures.close();
  }
  const [card] = heard.cards;
  expect(card).toMatchObject({ epoch: "0", options: { partTargetMs: 333, targetDurationMs: 1_000 } });
  expect(card?.options.renditions.map(({ id, kind }) => [id, kind])).toEqual([
    ["video-0", undefined],
    ["audio-0", "audio"],
  ]);
  for (const rendition of [0, 1]) {
    const ms = heard.parts
      .filter(({ key }) => key.rendition === rendition)
      .reduce((sum, { signed }) => sum + signed.header.durationMs, 0);
    expect(ms).toBeGreaterThan(2_000);
  }
  expect(heard.missed).toEqual([]);
});
