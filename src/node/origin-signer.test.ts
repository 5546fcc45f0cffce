import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import type { FollowEvent, FollowListener } from "../follow/follow-events.ts";
import type { Follower } from "../follow/follow-origin.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { SignedHeader } from "../model/part-header.ts";
import { KeyPair } from "../swarm/proof/key-pair.ts";
import { sha256 } from "../swarm/proof/sha256.ts";
import { StreamProof } from "../swarm/proof/stream-proof.ts";
import { decodeSignedHeader } from "../wire/part-header-codec.ts";
import { OriginSigner } from "./origin-signer.ts";
import { createSignMatch } from "./sign-handler.ts";

const FOREVER = new AbortController().signal;
const BASE = "http://origin.example/";
const bytesOf = (url: string): Bytes => new TextEncoder().encode(`bytes of ${url}`) as Bytes;

/** A follower that tells what a test tells it, of video and subtitles. */
async function signing() {
  let listener: FollowListener | undefined;
  let done = (): void => undefined;
  const fetched: string[] = [];
  const fails = new Set<string>();
  const held = new Map<string, Promise<void>>();
  let [flights, mostFlights] = [0, 0];
  const renditions = [
    { id: "main", bandwidth: 1_000 },
    { id: "cc", kind: "subtitles" as const, bandwidth: 1_000 },
  ];
  const follower: Follower = {
    presentation: {
      url: BASE,
      isLowLatency: true,
      stream: { renditions, partTargetMs: 200, targetDurationMs: 1_000, segmentMinMs: 900 },
      renditions: renditions.map((options, index) => ({
        index,
        options,
        url: BASE,
        followed: true,
        container: "fmp4",
        shareable: index === 0,
      })),
    },
    run: (heard) => {
      listener = heard;
      return new Promise((resolve) => {
        done = resolve;
      });
    },
    async fetchMedia(media) {
      const { url } = "key" in media ? media.ref : media;
      fetched.push(url.slice(BASE.length));
      flights += 1;
      mostFlights = Math.max(mostFlights, flights);
      await (held.get(url.slice(BASE.length)) ?? Promise.resolve());
      flights -= 1;
      if (fails.has(url.slice(BASE.length))) throw new RelayError("media-not-found", `${url} is gone`);
      return bytesOf(url);
    },
    close: () => undefined,
  };
  const told: string[] = [];
  const keys = await KeyPair.generate();
  const clock = new FakeClock();
  const tell = (text: string): void => void told.push(text);
  const signer = new OriginSigner({ name: "studio", follower, keys, clock, signal: FOREVER, tell });
  const run = signer.run();
  const event = (heard: FollowEvent, rendition = 0): void => listener?.event(rendition, heard);
  const match = createSignMatch(signer);
  /** What is at a URL comes when it is released. */
  const hold = (url: string): (() => void) => {
    let release = (): void => undefined;
    held.set(
      url,
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    return () => release();
  };
  return { signer, keys, fetched, fails, told, run, event, end: () => done(), match, hold, flights: () => mostFlights };
}

const partEvent = (msn: number, part: number, more: { gap?: boolean; rendition?: number } = {}): FollowEvent => ({
  kind: "part",
  part: {
    hinted: false,
    key: { rendition: more.rendition ?? 0, msn, part },
    ref: { url: `${BASE}${msn}.${part}` },
    init: { url: `${BASE}init` },
    durationMs: 200,
    independent: part === 0,
    gap: more.gap ?? false,
    discontinuity: false,
    torn: false,
    dated: true,
    programDateTimeMs: 1_000 * msn + 200 * part,
    opensSegment: part === 0,
  },
});

async function headerOf(signer: OriginSigner, msn: number, part: number): Promise<SignedHeader> {
  const encoded = await signer.header({ rendition: 0, msn, part }, FOREVER);
  if (encoded === undefined) throw new Error(`there is no header of ${msn}.${part}`);
  return decodeSignedHeader(encoded);
}

test("each part's header says what the origin says, is chained, and proves its bytes", async () => {
  const { signer, keys, event, fetched } = await signing();
  event(partEvent(7, 0));
  event(partEvent(7, 1, { gap: true }));
  event(partEvent(7, 2));
  const proof = new StreamProof({ fingerprint: keys.fingerprint });
  const card = await proof.card(await signer.card);
  expect(card).toMatchObject({ name: "studio", revision: 1, options: { renditions: [{ id: "main" }, { id: "cc" }] } });
  const [first, gap, last] = [await headerOf(signer, 7, 0), await headerOf(signer, 7, 1), await headerOf(signer, 7, 2)];
  for (const signed of [first, gap, last]) await proof.header(signed);
  await proof.piece(last, 0, bytesOf(`${BASE}7.2`));
  await expect(proof.piece(last, 0, bytesOf(`${BASE}7.9`))).rejects.toMatchObject({ code: "unproven" });
  expect(first.header).toMatchObject({ durationMs: 200, independent: true, gap: false, programDateTimeMs: 7_000 });
  expect(first.header.initDigest).toEqual(await sha256(bytesOf(`${BASE}init`)));
  expect(gap.header).toMatchObject({ gap: true, sizeBytes: 0 });
  expect(last.header.previous).toEqual(gap.digest);
  expect(fetched.sort()).toEqual(["7.0", "7.2", "init"]);
});

test("of hundreds of parts that are listed at once, a few are fetched at a time, and all are signed", async () => {
  const { signer, event, told, flights } = await signing();
  for (let msn = 0; msn < 200; msn += 1) event(partEvent(msn, 0));
  expect((await headerOf(signer, 199, 0)).header.msn).toBe(199);
  expect(signer.signed).toBe(200);
  expect(told).toEqual([]);
  // Three parts, and the init segment.
  expect(flights()).toBeLessThanOrEqual(4);
});

test("of more parts that are listed at once than may wait, the newest are signed", async () => {
  const { signer, event, told } = await signing();
  for (let msn = 1; msn <= 300; msn += 1) event(partEvent(msn, 0));
  const last = await headerOf(signer, 300, 0);
  expect(signer.signed).toBe(256);
  expect(told).toHaveLength(44);
  expect(told.at(-1)).toContain("part 44.0 is not signed");
  const first = await headerOf(signer, 45, 0);
  expect(first.header.discontinuity).toBe(true);
  expect(last.header.discontinuity).toBe(false);
});

test("a part that is given up is no answer for one before it that still comes", async () => {
  const { signer, event, hold } = await signing();
  event(partEvent(0, 0));
  await headerOf(signer, 0, 0);
  const release = hold("1.0");
  event(partEvent(1, 0));
  await Promise.resolve();
  const waiting = headerOf(signer, 1, 0);
  for (let msn = 2; msn <= 300; msn += 1) event(partEvent(msn, 0));
  release();
  expect((await waiting).header).toMatchObject({ msn: 1, discontinuity: false });
  await expect.poll(() => signer.signed).toBe(258);
  const [before, after] = [await headerOf(signer, 1, 0), await headerOf(signer, 45, 0)];
  expect(after.header).toMatchObject({ discontinuity: true, previous: before.digest });
});

test("a part that cannot be had has no header; the next one says that it does not follow, and is chained", async () => {
  const { signer, event, fails, told } = await signing();
  fails.add("7.1");
  for (const part of [0, 1, 2]) event(partEvent(7, part));
  const first = await headerOf(signer, 7, 0);
  expect(await signer.header({ rendition: 0, msn: 7, part: 1 }, FOREVER)).toBeUndefined();
  const last = await headerOf(signer, 7, 2);
  expect(last.header).toMatchObject({ discontinuity: true, previous: first.digest });
  expect(told).toEqual([expect.stringContaining("part 7.1 is not signed")]);
});

test("subtitles are neither fetched nor signed", async () => {
  const { signer, event, fetched } = await signing();
  event(partEvent(7, 0, { rendition: 1 }), 1);
  expect(await signer.header({ rendition: 1, msn: 7, part: 0 }, FOREVER)).toBeUndefined();
  expect(fetched).toEqual([]);
});

test("a part is fetched as soon as it is hinted", async () => {
  const { event, fetched } = await signing();
  const ref = { url: `${BASE}7.0` };
  event({ kind: "part", part: { hinted: true, key: { rendition: 0, msn: 7, part: 0 }, ref, init: undefined } });
  expect(fetched).toEqual(["7.0"]);
});

test("an origin that begins anew is signed in a later epoch, under whose numbers nothing of the one before is left", async () => {
  const { signer, keys, event } = await signing();
  const proof = new StreamProof({ fingerprint: keys.fingerprint });
  event(partEvent(7, 0));
  const before = await headerOf(signer, 7, 0);
  await proof.card(await signer.card);
  await proof.header(before);
  const waiting = signer.header({ rendition: 0, msn: 7, part: 1 }, FOREVER);
  event({ kind: "reset" });
  expect(await waiting).toBeUndefined();
  event(partEvent(7, 0));
  const after = await headerOf(signer, 7, 0);
  expect(after.header.epoch > before.header.epoch).toBe(true);
  const card = await proof.card(await signer.card);
  expect(card).toMatchObject({ epoch: after.header.epoch });
  await proof.header(after);
});

test("the card says after which parts nothing comes", async () => {
  const { signer, keys, event, end, run } = await signing();
  event(partEvent(7, 0));
  event({ kind: "end" });
  end();
  await run;
  const card = await new StreamProof({ fingerprint: keys.fingerprint }).card(await signer.card);
  expect(card).toMatchObject({ revision: 2, ended: [{ rendition: 0, msn: 7, part: 0 }] });
});

test("what is served tells caches how long, and readers of other origins that they may", async () => {
  const { match, signer, event } = await signing();
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const response = await match(new Request(`http://localhost/${path}`, init));
    if (response === undefined) throw new Error("not taken");
    return response;
  };
  event(partEvent(7, 0));
  const shown = async (path: string, init?: RequestInit): Promise<string> => {
    const { status, headers } = await get(path, init);
    return `${status} ${headers.get("cache-control")} ${headers.get("access-control-allow-origin")}`;
  };
  expect(await shown("card")).toBe("200 no-store *");
  expect(await shown("0/7-0")).toBe("200 public, max-age=2 *");
  expect(await shown(`0/7-0?epoch=${signer.epoch}`)).toBe("200 public, max-age=31536000, immutable *");
  expect(await shown("0/7-0?epoch=other")).toBe("404 no-store *");
  expect(await shown("0/6-0")).toBe("404 no-store *");
  expect(await shown("1/7-0")).toBe("404 no-store *");
  for (const path of ["", "cards", "0/7", "0/7-1024", "x/7-0", "0/7-0/1"])
    expect(await shown(path)).toBe("404 no-store *");
  expect(await shown("card", { method: "POST" })).toBe("405 no-store *");
  const head = await get("0/7-0", { method: "HEAD" });
  expect([head.headers.get("content-length"), (await head.arrayBuffer()).byteLength]).toEqual([
    String((await (await get("0/7-0")).arrayBuffer()).byteLength),
    0,
  ]);
});
