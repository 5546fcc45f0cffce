import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readClip } from "../media/clip.test-support.ts";
import { TEST_AUDIO, TEST_VIDEO, testInit, testPart } from "../media/media.test-support.ts";
import { RelayError } from "../model/errors.ts";
import { CAPTIONS, ENGLISH, mediaPart, START_MS, TestOrigin, VIDEO } from "../origin/origin.test-support.ts";
import { parseClipAsk } from "./clip.ts";

const iso = (ms: number) => new Date(ms).toISOString();
const parse = (query: string) => parseClipAsk(new URLSearchParams(query));

describe("what a clip is asked for", () => {
  test.each([
    ["", {}],
    ["last=30", { lastMs: 30_000 }],
    ["last=1.5&other=1", { lastMs: 1_500 }],
    ["from=2026-05-01T12:00:00Z", { fromMs: START_MS }],
    ["to=2026-05-01T12:00:00.250Z", { toMs: START_MS + 250 }],
    ["from=2026-05-01T14:00:00%2B02:00&to=2026-05-01T12:01Z", { fromMs: START_MS, toMs: START_MS + 60_000 }],
    ["from=2026-05-01T14:00:00+0200", { fromMs: START_MS }],
    ["from=2026-05-01T07:00-05:00&rendition=hd", { fromMs: START_MS, rendition: "hd" }],
  ])("%j is read", (query, ask) => {
    expect(parse(query)).toEqual(ask);
  });

  test.each([
    "last=",
    "last=0",
    "last=-5",
    "last=1e3",
    "last=14401",
    "last=30&last=40",
    "last=30&from=2026-05-01T12:00:00Z",
    "from=",
    "from=yesterday",
    "from=2026-05-01",
    "from=2026-05-01T12:00:00",
    "from=2026-02-30T12:00:00Z",
    "from=2026-13-01T12:00:00Z",
    "from=2026-05-01T12:00:00Z&to=2026-05-01T12:00:00Z",
  ])("%j is refused with malformed-directive", (query) => {
    expect(() => parse(query)).toThrowError(expect.objectContaining({ code: "malformed-directive" }));
  });

  test("whatever it is: it is read within its bounds, or refused with malformed-directive", () => {
    const value = fc.oneof(
      fc.string(),
      fc.double({ min: -10, max: 20_000 }).map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom("2026-05-01T12:00:00+02:00", "2026-05-01T24:00:00Z", "0000-00-00T00:00Z", "9999-12-31T23:59Z"),
    );
    const name = fc.constantFrom("last", "from", "to", "rendition", "x");
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 4 }), (pairs) => {
        try {
          const { lastMs = 1000, fromMs = 0, toMs = fromMs + 1 } = parseClipAsk(new URLSearchParams(pairs));
          expect(lastMs >= 1000 && lastMs <= 14_400_000 && fromMs < toMs).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RelayError);
          expect((error as RelayError).code).toBe("malformed-directive");
        }
      }),
    );
  });
});

/** Parts of 200 ms, five to a segment, and so a segment each second. */
function origin(parts: number, renditions = [{ id: "main", bandwidth: 1_000_000 }]): TestOrigin {
  const live = new TestOrigin({ renditions });
  live.setInits();
  live.parts(0, parts);
  return live;
}

async function clip(live: TestOrigin, query = "", init: RequestInit = {}) {
  const response = await live.get(`clip.mp4${query}`, init);
  if (response.status !== 200) throw new Error(await response.text());
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.headers.get("content-length")).toBe(String(bytes.byteLength));
  return { headers: response.headers, ...readClip(bytes) };
}

const durationS = ({ sidx }: { sidx: ReturnType<typeof readClip>["sidx"] }) =>
  sidx.references.reduce((sum, { subsegmentDuration }) => sum + subsegmentDuration, 0) / sidx.timescale;

describe("clip.mp4", () => {
  test("is the last seconds in whole closed segments, as a file with a name", async () => {
    const live = origin(33); // six closed segments, and three parts of the seventh
    const found = await clip(live, "?last=1.5");
    expect([found.sidx.references.length, durationS(found)]).toEqual([2, 2]);
    expect(found.runs.map(({ firstByte }) => firstByte)).toEqual(
      Array.from({ length: 10 }, (_, n) => ((20 + n) * 6) & 255),
    );
    expect(Object.fromEntries(found.headers)).toMatchObject({
      "content-type": "video/mp4",
      "content-disposition": 'attachment; filename="studio-2026-05-01T12-00-04.000Z.mp4"',
      "cache-control": "no-store",
      "eddy-clip": 'start="2026-05-01T12:00:04.000Z", duration=2.000',
    });
  });

  test("is what lies between two moments, in whole segments; either may be left out", async () => {
    const live = origin(30);
    const [from, to] = [iso(START_MS + 1_500), iso(START_MS + 3_001)];
    const spanS = async (query: string) => {
      const found = await clip(live, query);
      const [, start = ""] = /start="([^"]+)"/.exec(found.headers.get("eddy-clip") ?? "") ?? [];
      return [(Date.parse(start) - START_MS) / 1000, durationS(found)];
    };
    expect(await spanS(`?from=${from}&to=${to}`)).toEqual([1, 3]);
    expect(await spanS(`?from=${from}`)).toEqual([1, 4]);
    expect(await spanS(`?to=${to}`)).toEqual([0, 4]);
    expect(await spanS("")).toEqual([0, 5]);
  });

  test("is answered to HEAD with the same headers, and no body", async () => {
    const live = origin(20);
    const [head, got] = [await live.get("clip.mp4", { method: "HEAD" }), await live.get("clip.mp4")];
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(got.headers));
    expect([head.status, head.body]).toEqual([200, null]);
  });

  test.each([
    ["?last=x", 400, "malformed-directive"],
    [`?from=${iso(START_MS + 3_600_000)}`, 404, "media-not-found"],
    ["?rendition=nope", 404, "rendition-not-found"],
    ["?rendition=cc", 404, "rendition-not-found"],
  ])("%s is refused", async (query, status, code) => {
    const response = await origin(20, [VIDEO, CAPTIONS]).get(`clip.mp4${query}`);
    expect([response.status, (await response.text()).split(":")[0]]).toEqual([status, code]);
  });

  test("of a stream without a closed segment is not there", async () => {
    expect((await origin(3).get("clip.mp4")).status).toBe(404);
  });

  test("has the sound that is published beside the pictures, for the same time", async () => {
    const live = origin(20, [VIDEO, ENGLISH, CAPTIONS]);
    const found = await clip(live, "?last=2");
    expect(found.timescales).toEqual([90_000, 48_000]);
    for (const id of [1, 2]) {
      const runs = found.runs.filter(({ trackId }) => trackId === id);
      expect([runs[0]?.startTicks, (runs.at(-1)?.endTicks ?? 0) / (found.timescales[id - 1] ?? 1)]).toEqual([0, 2]);
    }
    const sound = await clip(live, "?rendition=en&last=2");
    expect([sound.headers.get("content-type"), sound.timescales]).toEqual(["audio/mp4", [48_000]]);
  });

  test("leaves out sound that lies beyond the pictures, to the part", async () => {
    const live = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
    live.setInits();
    live.parts(0, 20, ["en"]);
    // The pictures begin three parts later, and so do their segments.
    for (let n = 3; n < 19; n++) {
      const bytes = testPart({ firstFrame: n * 6, frames: 6, independent: n % 5 === 3, audio: false });
      live.rendition("hd").addPart({ bytes, programDateTimeMs: START_MS + n * 200 });
    }
    const found = await clip(live);
    const sound = found.runs.filter(({ trackId }) => trackId === 2);
    expect(sound.length).toBe(15);
  });

  test("begins after a change of tracks, and says so; a producer that came back is no change", async () => {
    const live = origin(10);
    live.open("e2");
    live.setInits();
    for (let n = 0; n < 10; n++) {
      live
        .rendition("main")
        .addPart({ bytes: mediaPart("variant", n), programDateTimeMs: START_MS + 60_000 + n * 200 });
    }
    expect(durationS(await clip(live))).toBe(3);
    expect((await clip(live)).headers.get("eddy-clip")).not.toContain("cut");

    live.setInit("main", testInit({ video: { ...TEST_VIDEO, width: 1280, height: 720 } }));
    live.parts(10, 20);
    const found = await clip(live);
    expect(durationS(found)).toBe(1);
    expect(found.headers.get("eddy-clip")).toContain(", cut");
  });

  test("of media that is muxed has both tracks, and takes no other sound", async () => {
    const live = new TestOrigin({ renditions: [VIDEO, ENGLISH] });
    live.setInit("hd", testInit());
    live.setInit("en", testInit({ audio: TEST_AUDIO }));
    live.parts(0, 12, ["en"]);
    live.parts(0, 12, ["hd"]);
    expect((await clip(live)).timescales).toEqual([90_000, 48_000]);
  });

  test("breaks off where a segment leaves the window before it is read, and is not taken for whole", async () => {
    const live = origin(30);
    const response = await live.get("clip.mp4");
    const reader = response.body?.getReader();
    await reader?.read();
    live.playlists.remove("studio");
    const rest = async () => {
      for (;;) if ((await reader?.read())?.done !== false) return;
    };
    await expect(rest()).rejects.toMatchObject({ code: "media-not-found" });
  });

  test("reads nothing more once its reader has gone", async () => {
    const live = origin(30);
    const response = await live.get("clip.mp4");
    const reader = response.body?.getReader();
    await reader?.read();
    const { hits } = live.rendition("main").stats;
    await reader?.cancel();
    expect((await reader?.read())?.done).toBe(true);
    expect(live.rendition("main").stats.hits).toBe(hits);
  });
});
