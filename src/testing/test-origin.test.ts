import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { allSegments, type MediaPlaylist } from "../reader/media-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import type { OriginFault } from "./origin-fault.ts";
import type { OriginOptions } from "./origin-options.ts";
import { TestOrigin } from "./test-origin.ts";

const SITE = "http://origin.test";
const SMALL: OriginOptions = { media: { video: ["160x90"], audio: "none" }, clock: "manual" };

/** An origin in virtual time, and who asks it. */
async function originWith(options: OriginOptions = {}) {
  const clock = new FakeClock();
  const origin = await TestOrigin.start({ ...SMALL, ...options }, { clock });
  const get = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const answer = origin.match(new Request(`${SITE}/live/test/${path}`, init));
    if (answer === undefined) throw new Error(`${path} is not the origin's`);
    return answer;
  };
  const playlist = async (rendition = "v0", query = ""): Promise<MediaPlaylist> => {
    const path = `${rendition}/media.m3u8${query}`;
    return parseMediaPlaylist(await (await get(path)).text(), `${SITE}/live/test/${path}`);
  };
  return { clock, origin, get, playlist };
}

const uris = (playlist: MediaPlaylist): readonly string[] =>
  allSegments(playlist).flatMap(({ parts }) => parts.map(({ uri }) => uri));
/** Parts that were published so far, by the number of the last. */
const published = (playlist: MediaPlaylist): number => Number(/part-(\d+)/.exec(uris(playlist).at(-1) ?? "")?.[1]);
const seen = (origin: TestOrigin): readonly string[] => origin.trace().faults.map(({ kind }) => kind);

test("at the start its history is there, and no more", async () => {
  const { playlist, origin } = await originWith({ historyMs: 6_000 });
  const { segments, open, targetDurationMs } = await playlist();
  expect(segments.map(({ durationMs }) => durationMs)).toEqual([2_000, 2_000]);
  expect(open?.parts.length).toBe(4);
  expect(targetDurationMs).toBe(2_000);
  expect(origin.nowMs).toBe(6_000);
});

test("media comes as time is let pass, and who waits for it is answered then", async () => {
  const { playlist, origin } = await originWith();
  const before = published(await playlist());
  const waiting = playlist("v0", "?_HLS_msn=4&_HLS_part=0");
  await origin.advance(500);
  expect(published(await waiting)).toBe(before + 1);
});

test("a stream is dated by its own time", async () => {
  const { playlist, clock } = await originWith({ clock: "real" });
  const startMs = clock.wallMs();
  const [first] = allSegments(await playlist());
  expect(Date.parse(first?.programDateTime ?? "")).toBe(startMs - 6_000);
});

test("the same options give the same bytes", async () => {
  const bytesOf = async (): Promise<readonly number[]> => {
    const { get, playlist } = await originWith({ faults: [{ kind: "corrupt", bytes: 5 }], seed: 7 });
    const uri = uris(await playlist())[0] ?? "";
    return [...new Uint8Array(await (await get(`v0/${uri}`)).arrayBuffer())];
  };
  expect(await bytesOf()).toEqual(await bytesOf());
});

test("what is drawn for a request is the same whoever asked before", async () => {
  const bytesOf = async (before: readonly string[]): Promise<readonly number[]> => {
    const { get, playlist } = await originWith({ faults: [{ kind: "corrupt" }] });
    const listed = uris(await playlist());
    for (const uri of before) await get(`v0/${uri}`);
    return [...new Uint8Array(await (await get(`v0/${listed.at(-1)}`)).arrayBuffer())];
  };
  expect(await bytesOf([])).toEqual(await bytesOf(["e1/part-1.mp4", "e1/part-2.mp4"]));
});

test("every rendition of every form of media is served", async () => {
  const media = { video: ["320x180", "160x90"], audio: "separate", subtitles: true } as const;
  const { get, playlist } = await originWith({ media });
  expect((await (await get("main.m3u8")).text()).match(/STREAM-INF/g)).toHaveLength(2);
  for (const rendition of ["v0", "v1", "a0", "s0"]) {
    const { segments } = await playlist(rendition);
    expect(segments.length, rendition).toBeGreaterThan(1);
    expect((await get(`${rendition}/${segments[0]?.resource?.uri}`)).status).toBe(200);
  }
});

test("a producer that stalls publishes nothing, and then all that was missed", async () => {
  const { playlist, origin } = await originWith({ faults: [{ kind: "stall", atMs: 6_000, durationMs: 2_000 }] });
  const before = published(await playlist());
  await origin.advance(1_900);
  expect(published(await playlist())).toBe(before);
  await origin.advance(100);
  expect(published(await playlist())).toBe(before + 4);
});

test("a producer that does not catch up goes on where it stopped", async () => {
  const stall = { kind: "stall", atMs: 6_000, durationMs: 2_000, catchUp: false } as const;
  const { playlist, origin } = await originWith({ faults: [stall] });
  const before = published(await playlist());
  await origin.advance(2_000);
  expect(published(await playlist())).toBe(before);
  await origin.advance(500);
  expect(published(await playlist())).toBe(before + 1);
  expect(origin.trace().frames.at(-1)).toEqual({ mediaMs: 6_000, atMs: 8_000, rate: 1 });
});

test("a gap is listed, and a part that is lost is not", async () => {
  const gaps = await originWith({ faults: [{ kind: "gap", atMs: 6_600, count: 2 }] });
  await gaps.origin.advance(2_000);
  const listed = allSegments(await gaps.playlist()).flatMap(({ parts }) => parts);
  expect(listed.filter(({ gap }) => gap)).toHaveLength(2);
  const lost = await originWith({ faults: [{ kind: "part-lost", atMs: 6_600, count: 2 }] });
  const before = published(await lost.playlist());
  await lost.origin.advance(2_000);
  expect(published(await lost.playlist())).toBe(before + 2);
});

test("a discontinuity and another init segment come with the next key frame", async () => {
  const faults: readonly OriginFault[] = [
    { kind: "discontinuity", atMs: 6_600 },
    { kind: "init-change", video: ["320x180"], atMs: 9_600 },
  ];
  const { playlist, origin } = await originWith({ faults });
  await origin.advance(8_000);
  const segments = allSegments(await playlist()).filter(({ discontinuity }) => discontinuity);
  expect(segments.map(({ parts }) => parts[0]?.independent)).toEqual([true, true]);
  expect(new Set(allSegments(await playlist()).map(({ map }) => map?.uri)).size).toBe(2);
  expect(origin.trace().frames.at(-1)?.mediaMs).toBe(107_000);
});

test("a clock that drifts brings media later, and only while it does", async () => {
  const drift = { kind: "clock-drift", rate: 0.5, atMs: 6_000, durationMs: 4_000 } as const;
  const { playlist, origin } = await originWith({ faults: [drift] });
  const before = published(await playlist());
  await origin.advance(4_000);
  expect(published(await playlist())).toBe(before + 4);
  await origin.advance(2_000);
  expect(published(await playlist())).toBe(before + 8);
});

test("a stream that has ended says so, and one that starts again goes on after a discontinuity", async () => {
  const { playlist, origin } = await originWith({
    faults: [
      { kind: "end", atMs: 7_000 },
      { kind: "restart", atMs: 9_000 },
    ],
  });
  await origin.advance(2_000);
  const ended = await playlist();
  expect(ended.ended).toBe(true);
  await origin.advance(5_000);
  const again = await playlist();
  expect(again.ended).toBe(false);
  expect(again.mediaSequence).toBeGreaterThan(ended.mediaSequence);
});

test("a fault can wait for a request, and is then the producer's", async () => {
  const { get, playlist, origin } = await originWith({ faults: [{ kind: "gap", on: { kind: "segment" } }] });
  await origin.advance(1_000);
  const { segments } = await playlist();
  await get(`v0/${segments[0]?.resource?.uri}`);
  await origin.advance(1_000);
  const parts = allSegments(await playlist()).flatMap((segment) => segment.parts);
  expect(parts.filter(({ gap }) => gap)).toHaveLength(1);
  expect(seen(origin)).toEqual(["gap"]);
});

test("what waits for a request comes with it, although no time passes by itself", async () => {
  const { get, playlist } = await originWith({ faults: [{ kind: "end", on: { kind: "segment" } }] });
  const { segments } = await playlist();
  await get(`v0/${segments[0]?.resource?.uri}`);
  await turn();
  expect((await playlist()).ended).toBe(true);
});

test("a part is known by its place, as playlists give it", async () => {
  const on = { kind: "part", rendition: "v0", msn: 3, part: 2 } as const;
  const { get, playlist } = await originWith({ faults: [{ kind: "status", status: 404, on }] });
  const { open } = await playlist();
  expect(open?.msn).toBe(3);
  const statuses = await Promise.all((open?.parts ?? []).map(async ({ uri }) => (await get(`v0/${uri}`)).status));
  expect(statuses).toEqual([200, 200, 404, 200]);
});

test("a part that is hinted is known by its place too, also where it opens a segment", async () => {
  const on = { kind: "part", rendition: "v0", msn: 4, part: 0 } as const;
  const { get, origin, playlist } = await originWith({ faults: [{ kind: "status", status: 503, on }] });
  const { hints } = await playlist();
  expect((await get(`v0/${hints[0]?.values.get("URI")}`)).status).toBe(503);
  await origin.advance(500);
  const { open } = await playlist();
  expect(open?.msn).toBe(4);
  expect((await get(`v0/${open?.parts[0]?.uri}`)).status).toBe(503);
});

test("a part that is a range of its segment is known by its place too, listed or hinted", async () => {
  const faults: readonly OriginFault[] = [
    { kind: "status", status: 404, on: { kind: "part", rendition: "v0", msn: 3, part: 2 } },
    { kind: "status", status: 503, on: { kind: "part", rendition: "v0", msn: 3, part: 3 } },
    { kind: "status", status: 500, on: { kind: "segment", msn: 3 } },
  ];
  const { get, origin, playlist } = await originWith({ partForm: "byterange", historyMs: 5_500, faults });
  const { open, hints } = await playlist();
  expect(open?.msn).toBe(3);
  const ask = async (uri: string | undefined, range?: string): Promise<number> =>
    (await get(`v0/${uri}`, range === undefined ? {} : { headers: { range: `bytes=${range}` } })).status;
  const statuses: number[] = [];
  for (const { uri, range } of open?.parts ?? []) {
    const start = range?.offsetBytes ?? Number.NaN;
    statuses.push(await ask(uri, `${start}-${start + (range?.lengthBytes ?? 0) - 1}`));
  }
  expect(statuses).toEqual([206, 206, 404]);
  const hinted = hints[0]?.values;
  expect(await ask(hinted?.get("URI"), `${hinted?.get("BYTERANGE-START")}-`)).toBe(503);
  expect(await ask(open?.parts[0]?.uri)).toBe(500);
  const { requests } = origin.trace();
  expect(requests.map(({ kind, msn, part }) => `${kind} ${msn} ${part}`).slice(1)).toEqual([
    "part 3 0",
    "part 3 1",
    "part 3 2",
    "part 3 3",
    "segment 3 undefined",
  ]);
});

test("an answer is late by what the fault says, jitter drawn by the seed", async () => {
  const { clock, get, origin } = await originWith({ faults: [{ kind: "latency", ms: 200, jitterMs: 100 }] });
  const answer = get("v0/media.m3u8");
  const settled: string[] = [];
  void answer.then(() => settled.push("answered"));
  clock.advance(200);
  await turn();
  expect(settled).toEqual([]);
  clock.advance(100);
  expect((await answer).status).toBe(200);
  expect(origin.trace().requests).toMatchObject([{ kind: "media", faults: ["latency"], streamMs: 6_000 }]);
});

test("answers of one line come one after the other", async () => {
  // 8 bits a ms are 1,000 bytes a second.
  const { clock, get, playlist } = await originWith({
    faults: [{ kind: "throughput", bitsPerSecond: 8_000, on: { kind: "init" } }],
  });
  const { segments } = await playlist();
  const init = `v0/${segments[0]?.map?.uri}`;
  const sizes: number[] = [];
  for (const answer of [get(init), get(init)])
    void answer.then(async (one) => sizes.push((await one.arrayBuffer()).byteLength));
  for (let stepMs = 0; sizes.length < 2 && stepMs < 10_000; stepMs += 10) {
    await turn();
    clock.advance(10);
  }
  expect(sizes).toHaveLength(2);
  expect(clock.now()).toBeGreaterThanOrEqual(2 * (sizes[0] ?? 0));
  expect(clock.now()).toBeLessThan(2 * (sizes[0] ?? 0) + 200);
});

test("a request that hangs is let go when the fault is over, and breaks", async () => {
  const { clock, get, origin } = await originWith({
    clock: "real",
    faults: [{ kind: "hang", atMs: 6_000, durationMs: 3_000 }],
  });
  const answer = get("main.m3u8");
  const broken = expect(answer).rejects.toThrow(/on purpose/);
  clock.advance(3_000);
  await broken;
  expect((await get("main.m3u8")).status).toBe(200);
  expect(origin.trace().requests.map(({ state }) => state)).toEqual(["broken", "reading"]);
});

test("a connection breaks before its answer, or within it", async () => {
  const before = await originWith({ faults: [{ kind: "reset" }] });
  await expect(before.get("main.m3u8")).rejects.toThrow(/on purpose/);
  const within = await originWith({ faults: [{ kind: "reset", afterShare: 0.5 }] });
  const response = await within.get("main.m3u8");
  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow(/on purpose/);
});

test("a body is corrupt, or short, and its playlist is not", async () => {
  const whole = await originWith();
  const uri = `v0/${uris(await whole.playlist())[0]}`;
  const bytes = new Uint8Array(await (await whole.get(uri)).arrayBuffer());
  const corrupt = await originWith({ faults: [{ kind: "corrupt", bytes: 3 }] });
  await corrupt.playlist();
  const other = new Uint8Array(await (await corrupt.get(uri)).arrayBuffer());
  expect(other.length).toBe(bytes.length);
  const changed = other.filter((byte, at) => byte !== bytes[at]).length;
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThanOrEqual(3);
  const short = await originWith({ faults: [{ kind: "truncate", share: 0.25 }] });
  const response = await short.get(uri);
  expect(response.headers.get("content-length")).toBeNull();
  expect((await response.arrayBuffer()).byteLength).toBe(Math.floor(bytes.length / 4));
});

test("a stale playlist stays as it was, is not waited for, and is fresh again when that is over", async () => {
  const { playlist, origin } = await originWith({
    faults: [{ kind: "stale-playlist", atMs: 6_000, durationMs: 3_000 }],
  });
  const { text } = await playlist();
  await origin.advance(2_000);
  expect((await playlist("v0", "?_HLS_msn=4&_HLS_part=1")).text).toBe(text);
  await origin.advance(1_000);
  expect((await playlist()).text).not.toBe(text);
});

test("a page of another origin may read a stale playlist too, and who asks for its head alone empties it for nobody", async () => {
  const { get } = await originWith({ faults: [{ kind: "stale-playlist" }] });
  await get("v0/media.m3u8", { method: "HEAD" });
  const [fresh, held] = [await get("v0/media.m3u8"), await get("v0/media.m3u8")];
  expect(held.headers.get("access-control-allow-origin")).toBe("*");
  expect([...held.headers]).toEqual([...fresh.headers]);
  expect(await held.text()).toMatch(/^#EXTM3U/);
});

test("numbers that would fall below nothing start there, and what is asked with them is understood", async () => {
  const { playlist, origin } = await originWith({ faults: [{ kind: "sequence-jump", by: -100, atMs: 6_500 }] });
  await origin.advance(500);
  const jumped = await playlist();
  expect(jumped.mediaSequence).toBe(0);
  const waiting = playlist("v0", `?_HLS_msn=${jumped.open?.msn}&_HLS_part=${jumped.open?.parts.length}`);
  await origin.advance(500);
  expect((await waiting).open?.parts.length).toBe((jumped.open?.parts.length ?? 0) + 1);
  await origin.advance(600_000);
  expect((await playlist()).mediaSequence).toBeGreaterThan(0);
});

test("numbers jump, and what is asked with them is understood", async () => {
  const { playlist, origin } = await originWith({ faults: [{ kind: "sequence-jump", by: 1_000, atMs: 6_500 }] });
  expect((await playlist()).mediaSequence).toBe(1);
  await origin.advance(500);
  const jumped = await playlist();
  expect(jumped.mediaSequence).toBe(1_001);
  const waiting = playlist("v0", `?_HLS_msn=${jumped.open?.msn}&_HLS_part=${jumped.open?.parts.length}`);
  await origin.advance(500);
  expect((await waiting).open?.parts.length).toBe((jumped.open?.parts.length ?? 0) + 1);
});

test("of numbers that have jumped, those that playlists tell are matched and traced", async () => {
  const { get, origin, playlist } = await originWith({
    faults: [
      { kind: "sequence-jump", by: 1_000 },
      { kind: "status", status: 404, on: { kind: "part", msn: 1_003, part: 1 } },
      { kind: "status", status: 503, on: { kind: "segment", msn: 1_002 } },
    ],
  });
  const { open, segments } = await playlist();
  expect([segments.at(-1)?.msn, open?.msn]).toEqual([1_002, 1_003]);
  expect((await get(`v0/${open?.parts[1]?.uri}`)).status).toBe(404);
  expect((await get(`v0/${segments.at(-1)?.resource?.uri}`)).status).toBe(503);
  expect(origin.trace().requests.map(({ msn }) => msn)).toEqual([undefined, 1_003, 1_002]);
});

test("durations are told wrong, and a rendition is lost", async () => {
  const { get, playlist } = await originWith({
    media: { video: ["320x180", "160x90"] },
    faults: [
      { kind: "wrong-duration", factor: 2 },
      { kind: "rendition-lost", rendition: "v1" },
    ],
  });
  expect((await playlist()).segments[0]?.durationMs).toBe(4_000);
  expect((await get("v1/media.m3u8")).status).toBe(404);
});

test("faults can be added, from now on", async () => {
  const { get, origin } = await originWith();
  expect((await get("main.m3u8")).status).toBe(200);
  await origin.addFaults({ kind: "status", status: 500 });
  expect((await get("main.m3u8")).status).toBe(500);
  await expect(origin.addFaults({ kind: "worker-killed" })).rejects.toThrow(/expected host "worker"/);
});

test("a script has an end, however many are added at a time", async () => {
  const { origin } = await originWith({ faults: Array(60).fill({ kind: "latency", ms: 1 }) });
  await origin.addFaults(...Array<OriginFault>(40).fill({ kind: "latency", ms: 1 }));
  await expect(origin.addFaults({ kind: "end" })).rejects.toThrow(/at most 100, got 101/);
});

test("without parts it is plain HLS, and asks for more are answered at once", async () => {
  const { playlist } = await originWith({ partForm: "none" });
  const plain = await playlist("v0", "?_HLS_msn=99");
  expect(plain.text).not.toContain("PART");
  expect(plain.segments.length).toBeGreaterThan(1);
});

test("four times as fast, media comes four times as often", async () => {
  const { clock, playlist } = await originWith({ clock: { speed: 4 } });
  const before = published(await playlist());
  for (let step = 0; step < 10; step++) {
    clock.advance(50);
    await turn();
  }
  expect(published(await playlist())).toBe(before + 4);
});

test("once it is stopped nothing more comes, and what there is is served", async () => {
  const { clock, origin, playlist } = await originWith({ clock: "real" });
  const { text } = await playlist();
  origin.stop();
  clock.advance(5_000);
  await turn();
  expect(clock.pending).toBe(0);
  expect((await playlist()).text).toBe(text);
});

test.each<[OriginOptions, string]>([
  [{ name: "no/slash" }, "name: expected"],
  [{ partTargetMs: 250 }, "partTargetMs: expected 1000, 500, 333, 200, 166 or 100"],
  [{ targetDurationMs: 1_000 }, "targetDurationMs: expected a number from 2000"],
  [{ partForm: "chunks" as never }, "partForm: expected files, byterange, none, got chunks"],
  [{ faults: [{ kind: "gap", rendition: "v7" }] }, "faults[0] (gap).rendition: expected v0, got v7"],
])("%j is refused, with what was expected", async (options, message) => {
  await expect(TestOrigin.start({ ...SMALL, ...options })).rejects.toThrow(message);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
