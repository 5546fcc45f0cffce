import { describe, expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { RelayError } from "../model/errors.ts";
import type { Fetch } from "../reader/exchange.ts";
import { scriptedOrigin } from "../validate/scripted-origin.test-support.ts";
import { differences, type FollowRun, followScenario, inVirtualTime, URL_OF_ORIGIN } from "./follow.test-support.ts";
import type { FollowEvent } from "./follow-events.ts";
import { followOrigin } from "./follow-origin.ts";

/** Answers so in place of the origin, for requests of playlists that begin between two times of the virtual clock. */
function during(fromMs: number, toMs: number, wrong: Fetch): (origin: Fetch, clock: FakeClock) => Fetch {
  return (origin, clock) => (url, init) => {
    const isTime = clock.now() >= fromMs && clock.now() < toMs;
    return isTime && new URL(url).pathname.endsWith(".m3u8") ? wrong(url, init) : origin(url, init);
  };
}

const hangs: Fetch = () => new Promise(() => undefined);
const answering =
  (body: string | (() => ReadableStream<Uint8Array<ArrayBuffer>>), init: ResponseInit = {}): Fetch =>
  async () =>
    new Response(typeof body === "string" ? body : body(), init);
const endless = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1 << 20).fill(35)) });

const eventsOf = (run: FollowRun): readonly FollowEvent[] => run.followed.get("main")?.events ?? [];
const kindsOf = (run: FollowRun): string[] => [...new Set(eventsOf(run).map(({ kind }) => kind))];
const troublesOf = (run: FollowRun): string[] =>
  eventsOf(run).flatMap((event) => (event.kind === "trouble" ? [`${event.error.code}: ${event.error.message}`] : []));

describe("while the origin answers nothing of use for three seconds", () => {
  test.each<[string, Fetch, RegExp]>([
    ["500", answering("no", { status: 500 }), /^origin-unreachable: .* got 500/],
    ["404", answering("no", { status: 404 }), /^origin-unreachable: .* got 404/],
    ["a page of HTML", answering("<!doctype html>\n<p>Not now"), /^origin-malformed: .*<!doctype html> <p>Not now/],
    [
      "half of a playlist",
      answering("#EXTM3U\n#EXT-X-TARG", { headers: { "content-length": "900" } }),
      /expected 900 bytes, got 19/,
    ],
    [
      "a playlist without what it must have",
      answering("#EXTM3U\n#EXTINF:1,\na.mp4\n"),
      /expected EXT-X-TARGETDURATION/,
    ],
    [
      "a playlist with a line that cannot be read",
      answering("#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:x,\na\n"),
      /line 3: EXTINF/,
    ],
    ["a Multivariant Playlist", answering("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n"), /got a Multivariant/],
    ["a playlist that never ends", answering(endless), /^origin-malformed: .*at most 8388608 bytes/],
    [
      "errors of the network",
      () => Promise.reject(new TypeError("fetch failed")),
      /^origin-unreachable: .*fetch failed/,
    ],
  ])("with %s, that is told, and all is followed once it recovers", async (_, wrong, message) => {
    const run = await followScenario({ between: during(6_000, 9_000, wrong), forMs: 14_000 });
    expect(troublesOf(run).length).toBeGreaterThan(1);
    for (const trouble of troublesOf(run)) expect(trouble).toMatch(message);
    expect(kindsOf(run)).toContain("recovered");
    expect(differences(run, "main")).toEqual([]);
    expect(kindsOf(run)).not.toContain("lost");
  });
});

test("a blocking answer that is lost with its connection costs no more than a second request: nothing is lost, nothing told", async () => {
  const run = await followScenario({ between: during(6_000, 6_300, hangs), forMs: 30_000 });
  expect(troublesOf(run)).toEqual([]);
  expect(differences(run, "main")).toEqual([]);
  expect(kindsOf(run)).not.toContain("lost");
});

test("an origin that hangs is asked again after the deadline; what left meanwhile is lost, and the rest follows apart", async () => {
  const run = await followScenario({ between: during(6_000, 9_000, hangs), forMs: 30_000 });
  expect(troublesOf(run)).toEqual([expect.stringMatching(/^origin-unreachable: .*no answer within 11000 ms/)]);
  const parts = run.followed.get("main")?.parts ?? [];
  const torn = parts.findIndex(({ part }) => part.torn);
  expect(kindsOf(run)).toEqual(expect.arrayContaining(["lost", "recovered"]));
  expect(torn).toBeGreaterThan(0);
  const rest = new Map([["main", { events: [], parts: parts.slice(torn) }]]);
  expect(differences({ ...run, followed: rest }, "main")).toEqual([]);
});

test("an origin that does not block, though it says so, is not asked without a pause", async () => {
  const run = await followScenario({
    forMs: 20_000,
    between: (origin) => (url, init) => origin(url.replace(/[?&]_HLS_(msn|part)=\d+/g, ""), init),
  });
  expect(differences(run, "main")).toEqual([]);
  const playlists = run.requests.filter((path) => path.includes("media.m3u8"));
  // Parts come every 200 ms.
  expect(playlists.length).toBeLessThan(260);
});

test("an origin that refuses directives is followed without them", async () => {
  const run = await followScenario({
    forMs: 20_000,
    between: (origin) => (url, init) =>
      url.includes("_HLS_") ? Promise.resolve(new Response(null, { status: 400 })) : origin(url, init),
  });
  expect(differences(run, "main")).toEqual([]);
  expect(run.followed.get("main")?.parts.length).toBeGreaterThan(80);
});

test("a playlist that does not grow any more is told after three target durations, and is asked for now and then", async () => {
  let frozen: string | undefined;
  const run = await followScenario({
    forMs: 60_000,
    between: (origin, clock) => async (url, init) => {
      if (clock.now() < 6_000 || !url.includes("media.m3u8")) return origin(url, init);
      frozen ??= await (await origin(url.split("?")[0] ?? "", init)).text();
      return new Response(frozen);
    },
  });
  expect(troublesOf(run)[0]).toMatch(/^origin-unreachable: .*nothing new for \d s/);
  expect(run.requests.length).toBeLessThan(200);
});

test("answers of a cache that lags now and then are told, and change nothing", async () => {
  let old: string | undefined;
  let asked = 0;
  const run = await followScenario({
    forMs: 30_000,
    between: (origin, clock) => async (url, init) => {
      if (clock.now() < 6_000 || !url.includes("media.m3u8")) return origin(url, init);
      asked += 1;
      if (asked % 10 === 1) old = await (await origin(url, init)).text();
      return asked % 10 < 8 ? origin(url, init) : new Response(old);
    },
  });
  expect(troublesOf(run)[0]).toMatch(/^origin-malformed: .*expected media from/);
  expect(kindsOf(run)).not.toContain("reset");
  expect(differences(run, "main")).toEqual([]);
});

test("an origin that begins anew, with lower numbers, is followed from there after a reset", async () => {
  const run = await followScenario({
    forMs: 40_000,
    ageMs: 20_000,
    between: (origin, clock) => {
      let successor: ReturnType<typeof scriptedOrigin> | undefined;
      return (url, init) => {
        if (clock.now() < 30_000) return origin(url, init);
        successor ??= besides(clock);
        return successor.fetch(url, init);
      };
    },
  });
  const events = eventsOf(run);
  const reset = events.findIndex(({ kind }) => kind === "reset");
  const after = events
    .slice(reset)
    .flatMap((event) => (event.kind === "part" && !event.part.hinted ? [event.part] : []));
  expect(events.filter(({ kind }) => kind === "reset")).toHaveLength(1);
  expect(after[0]).toMatchObject({ torn: true, opensSegment: true });
  expect(after[0]?.key.msn).toBeLessThan(10);
  expect(after.length).toBeGreaterThan(100);
  expect(kindsOf(run)).toContain("recovered");
});

test("an origin that drops its open segment as it ends has ended, and nothing is told twice", async () => {
  const run = await followScenario({
    forMs: 60_000,
    between: (origin, clock) => async (url, init) => {
      if (clock.now() < 8_000 || !url.includes("media.m3u8")) return origin(url, init);
      const text = await (await origin(url.split("?")[0] ?? "", init)).text();
      const closed = text.slice(0, text.lastIndexOf("#EXTINF"));
      return new Response(`${closed.slice(0, closed.lastIndexOf(".mp4\n") + 5)}#EXT-X-ENDLIST\n`);
    },
  });
  expect(eventsOf(run).at(-1)).toEqual({ kind: "end" });
  expect(kindsOf(run)).not.toContain("reset");
  expect(differences(run, "main")).toEqual([]);
});

/** Another origin, whose time goes on with the clock. */
function besides(clock: FakeClock): ReturnType<typeof scriptedOrigin> {
  const other = scriptedOrigin({});
  const tick = (): void => {
    other.clock.advance(20);
    clock.after(20, tick);
  };
  other.clock.advance(1_000);
  tick();
  return other;
}

describe("media", () => {
  test("that fails, hangs or comes short is tried again", async () => {
    let count = 0;
    const run = await followScenario({
      forMs: 20_000,
      between: (origin) => async (url, init) => {
        if (url.includes(".m3u8")) return origin(url, init);
        count += 1;
        if (count % 10 === 1) return new Response(null, { status: 503, headers: { "retry-after": "1" } });
        if (count % 10 === 3) throw new TypeError("fetch failed");
        if (count % 10 === 5) return new Response("short", { headers: { "content-length": "500" } });
        if (count % 10 === 7) return new Response("<html>", { headers: { "content-type": "text/html" } });
        return count % 40 === 9 ? new Promise(() => undefined) : origin(url, init);
      },
    });
    expect(differences(run, "main")).toEqual([]);
  });

  test("that is gone is media-not-found, and what is never media is origin-malformed", async () => {
    const wrong = new Map([
      [13, () => new Response(null, { status: 404 })],
      [15, () => new Response("<html>", { headers: { "content-type": "text/html" } })],
      [17, () => new Response(endless())],
    ]);
    const run = await followScenario({
      forMs: 4_000,
      follow: { maxMediaBytes: 1 << 22 },
      between: (origin) => (url, init) => {
        const answer = wrong.get(Number(/part-(\d+)/.exec(url)?.[1]));
        return answer === undefined ? origin(url, init) : Promise.resolve(answer());
      },
    });
    const outcomes = run.followed
      .get("main")
      ?.parts.map(({ bytes }) => (bytes instanceof RelayError ? bytes.code : "ok"));
    expect(outcomes?.filter((code) => code !== "ok")).toEqual([
      "media-not-found",
      "origin-malformed",
      "origin-malformed",
    ]);
  });
});

describe("followOrigin()", () => {
  const open = (fetch: Fetch, options: { readonly signal?: AbortSignal; readonly renditions?: string[] } = {}) => {
    const clock = new FakeClock();
    return inVirtualTime(clock, followOrigin({ url: URL_OF_ORIGIN, fetch, clock, random: () => 0, ...options }));
  };

  test("gives up in time where nothing answers, and where what answers is no playlist", async () => {
    await expect(open(hangs)).rejects.toMatchObject({ code: "origin-unreachable" });
    await expect(open(answering("no", { status: 503 }))).rejects.toMatchObject({ code: "origin-unreachable" });
    await expect(open(answering("<html>"))).rejects.toMatchObject({ code: "origin-malformed" });
    await expect(open(answering(endless))).rejects.toMatchObject({ code: "origin-malformed" });
    await expect(open(answering('#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,URI="a"\n'))).rejects.toMatchObject({
      code: "origin-malformed",
    });
  });

  test("gives up in time where the first answers, and what it lists hangs", async () => {
    const clock = new FakeClock();
    const multivariant = answering("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n");
    const fetch: Fetch = (url, init) => (url === URL_OF_ORIGIN ? multivariant : hangs)(url, init);
    const opening = followOrigin({ url: URL_OF_ORIGIN, fetch, clock, random: () => 0, openDeadlineMs: 3_000 });
    await expect(inVirtualTime(clock, opening, 4_000)).rejects.toMatchObject({ code: "origin-unreachable" });
  });

  test("rejects with its signal's reason, before and while it asks", async () => {
    await expect(open(hangs, { signal: AbortSignal.abort("before") })).rejects.toBe("before");
    const aborter = new AbortController();
    const opening = open(hangs, { signal: aborter.signal });
    aborter.abort("while");
    await expect(opening).rejects.toBe("while");
  });

  test("refuses renditions that are not there", async () => {
    const { clock, fetch } = scriptedOrigin({});
    const opening = followOrigin({ url: URL_OF_ORIGIN, fetch, clock, renditions: ["none"] });
    await expect(inVirtualTime(clock, opening)).rejects.toMatchObject({ code: "invalid-option" });
  });
});
