import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { TEST_VIDEO, testInit, testPart } from "../media/media.test-support.ts";
import { systemClock } from "../model/clock.ts";
import type { RelayError } from "../model/errors.ts";
import type { StreamOptions } from "../model/options.ts";
import { HeaderSigner } from "../swarm/proof/header-signer.ts";
import { KeyPair } from "../swarm/proof/key-pair.ts";
import { signCard } from "../swarm/proof/sign-card.ts";
import { decodeCard } from "../wire/card-codec.ts";
import type { Catalog } from "./catalog.ts";
import { settled, TestOutlet, TestSession } from "./moq.test-support.ts";
import { MoqBroadcaster } from "./moq-broadcaster.ts";
import { MoqWatch } from "./moq-watch.ts";
import { SignedStream } from "./signed-stream.ts";

const INIT = testInit({ video: TEST_VIDEO });
const OPTIONS: StreamOptions = {
  renditions: [{ id: "main", bandwidth: 1_000_000, codecs: "avc1.42c01f", width: 640, height: 360 }],
  partTargetMs: 200,
  targetDurationMs: 1_000,
  segmentMinMs: 800,
};
const NONE = new Uint8Array(32);
let keys: KeyPair;

beforeAll(async () => {
  keys = await KeyPair.generate();
});
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A publisher of ours, and somebody who watches it by its headers. */
async function onAir() {
  const outlets = new Map<string, TestOutlet>();
  const outlet = new TestOutlet();
  const broadcaster = new MoqBroadcaster(OPTIONS, outlet, systemClock);
  const signer = new HeaderSigner({ epoch: "e1", keys });
  outlets.set("live/studio", outlet);
  broadcaster.card(await signCard({ name: "studio", epoch: "e1", revision: 1, options: OPTIONS }, keys));
  broadcaster.init(0, INIT);
  let published = 0;
  const publish = async (count: number): Promise<void> => {
    for (let left = count; left > 0; left--) {
      const n = published++;
      const bytes = testPart({ firstFrame: n * 6, frames: 6, independent: n % 4 === 0, audio: false });
      const facts = { durationMs: 200, independent: n % 4 === 0, gap: false, discontinuity: false, initDigest: NONE };
      const key = {
        rendition: 0,
        msn: 1 + Math.floor(n / 4),
        part: n % 4,
        programDateTimeMs: 1_800_000_000_000 + n * 200,
      };
      broadcaster.part(await signer.sign({ ...key, ...facts }, bytes), bytes);
    }
    await settled();
  };
  const parts: string[] = [];
  const refused: RelayError[] = [];
  const lost: number[] = [];
  const catalogs: Catalog[] = [];
  let signed: SignedStream | undefined;
  const cardListener = {
    object: (_group: number, _index: number, bytes: Uint8Array<ArrayBuffer>) => {
      const { card } = decodeCard(bytes);
      signed ??= new SignedStream({
        card,
        renditions: [0],
        back: 1,
        from: () => (parts.length === 0 ? undefined : Number(parts.at(-1)?.split(".")[0])),
        announced: () => undefined,
        lost: (_, msn) => lost.push(msn),
        part: ({ signed: { header } }) => parts.push(`${header.msn}.${header.part}`),
        refused: (error) => refused.push(error),
      });
      want(true);
    },
    groupEnded: () => undefined,
    groupLost: () => undefined,
    refused: (error: RelayError) => refused.push(error),
  };
  const want = (media: boolean): void => {
    const card = { name: "card", priority: 250, from: () => undefined, listener: cardListener };
    watch.want([card, ...(signed?.tracks(media) ?? [])], 200);
  };
  const watch = new MoqWatch({
    name: "live/studio",
    clock: systemClock,
    random: () => 0,
    catalog: (catalog) => {
      catalogs.push(catalog);
      want(true);
    },
    refused: (error) => refused.push(error),
  });
  return { outlets, outlet, broadcaster, publish, parts, refused, lost, catalogs, watch, want };
}

test("who comes late gets the newest segment from its start, and then each part as it is published", async () => {
  const { outlets, publish, parts, catalogs, watch, refused } = await onAir();
  await publish(6);
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets), aborter.signal);
  await settled();
  expect(catalogs.map(({ tracks, card }) => [tracks.length, card])).toEqual([[1, "card"]]);
  expect(parts).toEqual(["2.0", "2.1"]);
  await publish(4);
  expect(parts.slice(2)).toEqual(["2.2", "2.3", "3.0", "3.1"]);
  expect(refused).toEqual([]);
  aborter.abort();
});

test("after a session was lost the next one goes on in the segment where it stopped, and nothing comes twice", async () => {
  const { outlets, outlet, publish, parts, watch } = await onAir();
  await publish(6);
  const first = new AbortController();
  void watch.run(new TestSession(outlets), first.signal);
  await settled();
  for (const track of outlet.tracks.values()) track.drop();
  first.abort();
  await publish(5);
  const second = new AbortController();
  void watch.run(new TestSession(outlets), second.signal);
  await settled();
  await publish(1);
  // In whichever order: whoever feeds a player puts them in theirs.
  expect([...parts].sort()).toEqual(["2.0", "2.1", "2.2", "2.3", "3.0", "3.1", "3.2", "3.3"]);
  second.abort();
});

test("where there is FETCH, who comes has the segment before the newest too", async () => {
  const { outlets, publish, parts, watch } = await onAir();
  await publish(10);
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets, { canFetch: true }), aborter.signal);
  await settled();
  expect([...parts].sort()).toEqual(["2.0", "2.1", "2.2", "2.3", "3.0", "3.1"]);
  aborter.abort();
});

test("a relay that has forgotten the segment in which a viewer stopped lets it know that the rest is lost", async () => {
  const { outlets, outlet, publish, parts, lost, watch } = await onAir();
  await publish(3);
  const first = new AbortController();
  void watch.run(new TestSession(outlets), first.signal);
  await settled();
  for (const track of outlet.tracks.values()) track.drop();
  first.abort();
  await publish(3);
  for (const name of ["main", "main.headers"]) outlet.track(name).groups.shift();
  const second = new AbortController();
  void watch.run(new TestSession(outlets), second.signal);
  await settled();
  expect(parts).toEqual(["1.0", "1.1", "1.2", "2.0", "2.1"]);
  expect(lost).toEqual([1, 1]);
  second.abort();
});

test("a relay that drops a subscription is subscribed to again", async () => {
  const { outlets, outlet, publish, parts, watch } = await onAir();
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets), aborter.signal);
  await settled();
  await publish(2);
  outlet.track("main").drop();
  await settled();
  await publish(1);
  await vi.advanceTimersByTimeAsync(300);
  await settled();
  expect(parts).toEqual(["1.0", "1.1", "1.2"]);
  aborter.abort();
});

test("media that is not wanted is not subscribed to, and is there again from the segment that is under way", async () => {
  const { outlets, outlet, publish, parts, watch, want } = await onAir();
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets), aborter.signal);
  await settled();
  await publish(2);
  want(false);
  await settled();
  expect(outlet.track("main").subscribers).toBe(0);
  expect(outlet.track("main.headers").subscribers).toBe(1);
  await publish(1);
  expect(parts).toEqual(["1.0", "1.1"]);
  want(true);
  await settled();
  expect(parts).toEqual(["1.0", "1.1", "1.2"]);
  aborter.abort();
});

test("a relay that falls silent is given up, and one that is not expected to send anything is not", async () => {
  const { outlets, publish, watch } = await onAir();
  const aborter = new AbortController();
  const run = watch.run(new TestSession(outlets), aborter.signal);
  const ended = expect(run).rejects.toMatchObject({ code: "relay-unreachable" });
  await settled();
  await publish(1);
  await vi.advanceTimersByTimeAsync(1_500);
  await ended;
});

test("a catalog that turns bad under way changes nothing of what comes", async () => {
  const { outlets, outlet, publish, parts, watch, refused } = await onAir();
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets), aborter.signal);
  await settled();
  outlet
    .track("catalog")
    .openGroup(9e12)
    .write(new TextEncoder().encode("nonsense") as Uint8Array<ArrayBuffer>);
  await publish(2);
  expect(refused.map(({ code }) => code)).toEqual(["relay-malformed"]);
  expect(parts).toEqual(["1.0", "1.1"]);
  aborter.abort();
});

test("a group that never ends, and one that holds too much, cost no more than themselves", async () => {
  const { outlets, outlet, publish, parts, watch, refused } = await onAir();
  const aborter = new AbortController();
  void watch.run(new TestSession(outlets), aborter.signal);
  await settled();
  const open = Array.from({ length: 50 }, (_, n) => outlet.track("main").openGroup(1_000 + n));
  for (const group of open) group.write(new Uint8Array(9 * 1024 * 1024));
  await settled();
  expect(refused.filter(({ code }) => code === "part-too-large").length).toBeGreaterThan(0);
  await publish(2);
  expect(parts).toEqual(["1.0", "1.1"]);
  aborter.abort();
});
