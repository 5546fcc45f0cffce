import { describe, expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import type { Fetch } from "../reader/exchange.ts";
import { inVirtualTime } from "./follow.test-support.ts";
import type { FollowEvent, FollowListener } from "./follow-events.ts";
import { type FollowOptions, followOrigin } from "./follow-origin.ts";

const BASE = "http://origin.example/a/";
const TARGET_MS = 4_000;

interface PlainOrigin {
  readonly clock: FakeClock;
  readonly fetch: Fetch;
  /** Of the playlist, on the clock. */
  readonly askedMs: number[];
  readonly seen: { readonly url: string; readonly credentials: string | undefined; readonly headers: Headers }[];
}

/** An origin without parts, that neither blocks nor knows directives: a window of six segments of 4 s. */
function plainOrigin({
  endsAfter = Number.POSITIVE_INFINITY,
  extension = "ts",
  tags = [] as string[],
  numberedFrom = 0,
} = {}): PlainOrigin {
  const clock = new FakeClock();
  clock.advance(10 * TARGET_MS + 1);
  const askedMs: number[] = [];
  const seen: PlainOrigin["seen"][number][] = [];
  const fetch: Fetch = async (url, init) => {
    seen.push({ url, credentials: init.credentials, headers: new Headers(init.headers) });
    if (!url.startsWith(BASE)) return new Response(null, { status: 404 });
    const name = url.slice(BASE.length);
    if (name !== "live.m3u8") return new Response(`bytes of ${name}`, { headers: { "content-type": "video/mp2t" } });
    askedMs.push(clock.now());
    const count = Math.min(endsAfter, Math.floor(clock.now() / TARGET_MS));
    const first = Math.max(0, count - 6);
    const segments = Array.from({ length: count - first }, (_, i) => `#EXTINF:4.0,\nseg-${first + i}.${extension}`);
    const head = [
      "#EXTM3U",
      "#EXT-X-VERSION:3",
      "#EXT-X-TARGETDURATION:4",
      `#EXT-X-MEDIA-SEQUENCE:${numberedFrom + first}`,
      ...tags,
    ];
    return new Response([...head, ...segments, ...(count === endsAfter ? ["#EXT-X-ENDLIST"] : []), ""].join("\n"));
  };
  return { clock, fetch, askedMs, seen };
}

async function follow(origin: PlainOrigin, forMs: number, options: Partial<FollowOptions> = {}) {
  const { clock, fetch } = origin;
  const opening = followOrigin({ url: `${BASE}live.m3u8`, fetch, clock, random: () => 0, ...options });
  const follower = await inVirtualTime(clock, opening);
  if (follower === undefined) throw new Error("it does not open");
  const events: FollowEvent[] = [];
  const listener: FollowListener = { event: (_, event) => events.push(event) };
  const run = follower.run(listener);
  await inVirtualTime(clock, run, forMs);
  return { follower, events, run };
}

const numbersOf = (events: readonly FollowEvent[]): number[] =>
  events.flatMap((event) => (event.kind === "part" ? [event.part.key.msn] : []));

describe("an origin of whole segments", () => {
  test("is followed from a hold-back before its end, segment by segment", async () => {
    const { events, follower } = await follow(plainOrigin(), 40_000);
    expect(numbersOf(events).slice(0, 3)).toEqual([7, 8, 9]);
    expect(numbersOf(events)).toEqual(Array.from({ length: numbersOf(events).length }, (_, i) => 7 + i));
    expect(numbersOf(events).length).toBeGreaterThan(11);
    follower.close();
  });

  test("is polled each target duration, and after half of one where there was nothing new", async () => {
    const origin = plainOrigin();
    const { follower } = await follow(origin, 60_000);
    const pauses = origin.askedMs.slice(2).map((ms, i) => ms - (origin.askedMs[i + 1] ?? 0));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(TARGET_MS / 2);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(TARGET_MS + 20);
    expect(origin.seen.every(({ url }) => !url.includes("_HLS_"))).toBe(true);
    follower.close();
  });

  test("of MPEG-TS has no init segments; its media is fetched as it is", async () => {
    const { follower, events } = await follow(plainOrigin(), 1_000);
    expect(follower.presentation).toMatchObject({
      isLowLatency: false,
      renditions: [{ container: "mpegts", followed: true, shareable: true }],
      stream: { renditions: [{ id: "main", container: "mpegts" }], partTargetMs: 4_500, targetDurationMs: 4_500 },
    });
    const [first] = events;
    if (first?.kind !== "part") throw new Error("expected a part");
    const bytes = await follower.fetchMedia(first.part, new AbortController().signal);
    expect(new TextDecoder().decode(bytes)).toBe("bytes of seg-7.ts");
    follower.close();
  });

  test("numbered beyond what peers tell apart is followed all the same, and is not for sharing", async () => {
    const numberedFrom = 1_800_000_000_000;
    const { follower, events } = await follow(plainOrigin({ numberedFrom }), 1_000);
    expect(numbersOf(events)).toEqual([7, 8, 9].map((msn) => numberedFrom + msn));
    expect(follower.presentation.renditions).toMatchObject([{ followed: true, shareable: false }]);
    follower.close();
  });

  test("numbered beyond what numbers tell apart cannot be followed, and why is said", async () => {
    const opening = follow(plainOrigin({ numberedFrom: 18e17 }), 1_000);
    await expect(opening).rejects.toMatchObject({
      code: "origin-malformed",
      message: expect.stringContaining("EXT-X-MEDIA-SEQUENCE: expected at most 2^53 - 1, got 18000"),
    });
  });

  test("that ends is followed to its end, and run() resolves", async () => {
    const { events, run } = await follow(plainOrigin({ endsAfter: 12 }), 60_000);
    await run;
    expect(numbersOf(events)).toEqual([7, 8, 9, 10, 11]);
    expect(events.at(-1)).toEqual({ kind: "end" });
  });

  test("that has ended is followed from its start", async () => {
    const { events, run } = await follow(plainOrigin({ endsAfter: 5 }), 60_000);
    await run;
    expect(numbersOf(events)).toEqual([0, 1, 2, 3, 4]);
  });

  test("whose segments are encrypted passes the keys, with the IVs that its numbers were", async () => {
    const tags = ['#EXT-X-KEY:METHOD=AES-128,URI="key"'];
    const { events, follower } = await follow(plainOrigin({ tags }), 1_000);
    expect(events.map(({ kind }) => kind)).toEqual(["keys", "part", "keys", "part", "keys", "part"]);
    follower.close();
  });
});

describe("requests", () => {
  test("carry no credentials unless they are asked for, and the headers that are given", async () => {
    const origin = plainOrigin();
    (await follow(origin, 100)).follower.close();
    expect(new Set(origin.seen.map(({ credentials }) => credentials))).toEqual(new Set(["omit"]));
    const asking = plainOrigin();
    const options: Partial<FollowOptions> = { credentials: "include", headers: { authorization: "Bearer x" } };
    (await follow(asking, 100, options)).follower.close();
    expect(
      asking.seen.every(
        ({ credentials, headers }) => credentials === "include" && headers.get("authorization") === "Bearer x",
      ),
    ).toBe(true);
  });

  test("for one part at a time are one, and end when nobody waits any more", async () => {
    const origin = plainOrigin();
    const signals: (AbortSignal | null | undefined)[] = [];
    const fetch: Fetch = (url, init) => {
      if (url.endsWith(".m3u8")) return origin.fetch(url, init);
      signals.push(init.signal);
      return new Promise(() => undefined);
    };
    const { follower, events } = await follow({ ...origin, fetch }, 100);
    const [first] = events;
    if (first?.kind !== "part") throw new Error("expected a part");
    const [a, b] = [new AbortController(), new AbortController()];
    const waiting = [follower.fetchMedia(first.part, a.signal), follower.fetchMedia(first.part, b.signal)];
    const outcomes = Promise.allSettled(waiting);
    a.abort("a");
    await expect(waiting[0]).rejects.toBe("a");
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);
    b.abort("b");
    expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
    follower.close();
    await expect(follower.fetchMedia(first.part, new AbortController().signal)).rejects.toMatchObject({
      code: "closed",
    });
  });

  test("for a range take the whole where the server knows no ranges", async () => {
    const { follower } = await follow(plainOrigin(), 100);
    const ref = { url: `${BASE}seg-1.ts`, range: { offsetBytes: 6, lengthBytes: 2 } };
    const bytes = await follower.fetchMedia(ref, new AbortController().signal);
    expect(new TextDecoder().decode(bytes)).toBe("of");
    follower.close();
  });
});

test("URIs are relative to where a playlist came from, and the same is asked again", async () => {
  const origin = plainOrigin();
  const fetch: Fetch = async (url, init) => {
    if (!url.startsWith("http://door.example/")) return origin.fetch(url, init);
    const response = await origin.fetch(`${BASE}live.m3u8`, init);
    Object.defineProperty(response, "url", { value: `${BASE}live.m3u8` });
    return response;
  };
  const { events, follower } = await follow({ ...origin, fetch }, 20_000, { url: "http://door.example/?token=1" });
  const parts = events.flatMap((event) => (event.kind === "part" ? [event.part.ref.url] : []));
  expect(parts.length).toBeGreaterThan(5);
  expect(parts.every((url) => url.startsWith(BASE))).toBe(true);
  follower.close();
});

test("close() ends run(), and no event comes after it", async () => {
  const origin = plainOrigin();
  const { follower, events, run } = await follow(origin, 1_000);
  follower.close();
  await run;
  const count = events.length;
  origin.clock.advance(60_000);
  expect(events).toHaveLength(count);
});
