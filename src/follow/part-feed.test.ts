import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import type { FollowEvent } from "./follow-events.ts";
import { PartFeed, type PartFeedOptions } from "./part-feed.ts";

const BASE = "http://origin.example/a/media.m3u8";
const START_MS = Date.UTC(2026, 0, 1);

function feeding(options: Partial<PartFeedOptions> = {}) {
  const events: FollowEvent[] = [];
  const feed = new PartFeed({
    rendition: 0,
    start: "window",
    emit: (event) => events.push(event),
    undatedMs: () => START_MS,
    ...options,
  });
  return {
    feed,
    /** Takes a playlist, and gives what came of it. */
    take(...lines: readonly string[]): FollowEvent[] {
      events.length = 0;
      feed.take(parseMediaPlaylist(`#EXTM3U\n#EXT-X-TARGETDURATION:4\n${lines.join("\n")}\n`, BASE));
      return [...events];
    },
  };
}

const LOW = ["#EXT-X-PART-INF:PART-TARGET=1", "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3"];
const part = (uri: string, more = ""): string => `#EXT-X-PART:DURATION=1,URI="${uri}"${more}`;
const segment = (uri: string, durationMs = 2_000): string[] => [`#EXTINF:${durationMs / 1000},`, uri];
const hint = (uri: string, more = ""): string => `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${uri}"${more}`;

/** Where parts stand, as `msn.part`, with a mark for hints; other events by their kind. */
function brief(events: readonly FollowEvent[]): string[] {
  return events.map((event) => {
    if (event.kind === "part") return `${event.part.hinted ? "~" : ""}${event.part.key.msn}.${event.part.key.part}`;
    if (event.kind === "dropped") return `-${event.key.msn}.${event.key.part}`;
    return event.kind;
  });
}

const partsOf = (events: readonly FollowEvent[]) =>
  events.flatMap((event) => (event.kind === "part" && !event.part.hinted ? [event.part] : []));

describe("parts", () => {
  test("are told once each, as they come, and the segments that they make are not told again", () => {
    const { take } = feeding();
    expect(brief(take(...LOW, part("a0"), part("a1"), ...segment("a"), part("b0")))).toEqual(["0.0", "0.1", "1.0"]);
    expect(brief(take(...LOW, part("a0"), part("a1"), ...segment("a"), part("b0"), part("b1")))).toEqual(["1.1"]);
    expect(brief(take(...LOW, ...segment("a"), part("b0"), part("b1"), ...segment("b")))).toEqual([]);
    expect(brief(take(...LOW, ...segment("a"), ...segment("b"), part("c0")))).toEqual(["2.0"]);
  });

  test("have absolute URLs, ranges that go on, and what is said of them", () => {
    const { take } = feeding();
    const ranges = [part("all", ',BYTERANGE="10@5",INDEPENDENT=YES'), part("all", ',BYTERANGE="20",GAP=YES')];
    const [first, second] = partsOf(take(...LOW, '#EXT-X-MAP:URI="all",BYTERANGE="5@0"', ...ranges));
    expect(first).toMatchObject({
      ref: { url: "http://origin.example/a/all", range: { offsetBytes: 5, lengthBytes: 10 } },
      init: { url: "http://origin.example/a/all", range: { offsetBytes: 0, lengthBytes: 5 } },
      independent: true,
      opensSegment: true,
      gap: false,
    });
    expect(second).toMatchObject({
      ref: { range: { offsetBytes: 15, lengthBytes: 20 } },
      independent: false,
      gap: true,
    });
  });

  test("that left before they were seen are lost, and what follows them stands apart", () => {
    const { take } = feeding();
    take(...LOW, part("a0"), part("a1"), ...segment("a"), part("b0"));
    const later = ["#EXT-X-MEDIA-SEQUENCE:1", ...LOW, ...segment("b"), ...segment("c"), part("d0"), part("d1")];
    const events = take(...later);
    expect(brief(events)).toEqual(["lost", "3.0", "3.1"]);
    expect(events[0]).toMatchObject({ from: { msn: 1, part: 1 }, to: { msn: 3, part: 0 } });
    expect(partsOf(events).map(({ torn }) => torn)).toEqual([true, false]);
  });

  test("whose segment has lost its first ones are not numbered: it begins with the next segment", () => {
    const { take } = feeding();
    expect(brief(take(...LOW, part("a2"), part("a3"), ...segment("a", 4_000), part("b0"), part("b1")))).toEqual([
      "1.0",
      "1.1",
    ]);
    const c = [part("c1"), part("c2"), ...segment("c", 3_000)];
    const events = take("#EXT-X-MEDIA-SEQUENCE:1", ...LOW, ...segment("b", 4_000), ...c, part("d0"));
    expect(brief(events)).toEqual(["lost", "3.0"]);
    expect(events[0]).toMatchObject({ from: { msn: 1, part: 2 }, to: { msn: 3, part: 0 } });
  });

  test("of a media sequence that jumps are lost too", () => {
    const { take } = feeding();
    take(...segment("a"));
    expect(brief(take("#EXT-X-MEDIA-SEQUENCE:9", ...segment("j")))).toEqual(["lost", "9.0"]);
  });

  test("of an origin without any are whole segments, which start with a key frame", () => {
    const { take } = feeding();
    const [a, b] = partsOf(take(...segment("a.ts"), "#EXT-X-DISCONTINUITY", "#EXT-X-GAP", ...segment("b.ts", 3_000)));
    expect(a).toMatchObject({ key: { msn: 0, part: 0 }, durationMs: 2_000, independent: true, init: undefined });
    expect(b).toMatchObject({ key: { msn: 1, part: 0 }, durationMs: 3_000, gap: true, discontinuity: true });
  });

  test("are not told apart where their numbers would not be exact: their segments are", () => {
    const { take } = feeding();
    const numbers = `#EXT-X-MEDIA-SEQUENCE:${2 ** 43}`;
    const [a] = partsOf(take(numbers, ...LOW, part("a0"), part("a1"), ...segment("a"), part("b0")));
    expect(a).toMatchObject({
      key: { msn: 2 ** 43, part: 0 },
      ref: { url: "http://origin.example/a/a" },
      durationMs: 2_000,
    });
  });

  test("begin a hold-back before the edge, with a segment that is whole", () => {
    const edge = feeding({ start: "edge" });
    const two = (name: string): string[] => [part(`${name}0`), part(`${name}1`), ...segment(name)];
    expect(brief(edge.take(...LOW, ...two("a"), ...two("b"), ...two("c"), part("d0"))).slice(0, 2)).toEqual([
      "2.0",
      "2.1",
    ]);
    const plain = feeding({ start: "edge" });
    const four = ["a", "b", "c", "d", "e", "f", "g", "h"].flatMap((name) => segment(name));
    expect(brief(plain.take(...four))).toEqual(["2.0", "3.0", "4.0", "5.0", "6.0", "7.0"]);
  });

  test("of what has ended begin with the first segment, whole, and then it ends", () => {
    const { take, feed } = feeding({ start: "edge" });
    expect(
      brief(take(...LOW, ...segment("a"), ...segment("b"), part("c0"), ...segment("c"), "#EXT-X-ENDLIST")),
    ).toEqual(["0.0", "1.0", "2.0", "end"]);
    expect(feed.ended).toBe(true);
    expect(take(...segment("a"))).toEqual([]);
  });

  test("of an origin that began anew are told from its first on, apart from what was", () => {
    const { take, feed } = feeding();
    take("#EXT-X-MEDIA-SEQUENCE:7", '#EXT-X-MAP:URI="i"', ...segment("a"));
    feed.reset();
    const events = take("#EXT-X-MEDIA-SEQUENCE:1", '#EXT-X-MAP:URI="i"', ...segment("b"));
    expect(brief(events)).toEqual(["init", "1.0"]);
    expect(partsOf(events)[0]?.torn).toBe(true);
  });
});

describe("dates", () => {
  const dates = (events: readonly FollowEvent[]): number[] =>
    partsOf(events).map(({ programDateTimeMs }) => programDateTimeMs - START_MS);

  test("are carried on by durations, into parts and over playlists that do not state them any more", () => {
    const { take } = feeding();
    const dated = ["#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05Z", part("a0"), part("a1"), ...segment("a")];
    expect(dates(take(...LOW, ...dated, part("b0")))).toEqual([5_000, 6_000, 7_000]);
    expect(dates(take("#EXT-X-MEDIA-SEQUENCE:1", ...LOW, part("b0"), part("b1")))).toEqual([8_000]);
  });

  test("are carried back to segments before the first that states one", () => {
    const { take } = feeding();
    const dated = ["#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:05Z", ...segment("b")];
    expect(dates(take(...segment("a"), ...dated))).toEqual([3_000, 5_000]);
  });

  test("of an origin that tells none go on from when it was first heard", () => {
    const { take } = feeding();
    expect(dates(take(...segment("a")))).toEqual([0]);
    expect(dates(take(...segment("a"), ...segment("b")))).toEqual([2_000]);
  });

  test("of ranges come as they are published, once, and again with what was added", () => {
    const { take } = feeding();
    const range =
      '#EXT-X-DATERANGE:ID="ad",START-DATE="2026-01-01T00:00:00Z",DURATION=2,X-N=5,X-T="5",SCTE35-OUT=0xFC30';
    expect(take(...segment("a"), range)[0]).toEqual({
      kind: "date-range",
      range: {
        id: "ad",
        startDate: START_MS,
        durationMs: 2_000,
        attributes: { "X-N": 5, "X-T": "5", "SCTE35-OUT": Uint8Array.of(0xfc, 0x30) },
      },
    });
    expect(take(...segment("a"), range)).toEqual([]);
    expect(brief(take(...segment("a"), `${range},X-MORE="1"`))).toEqual(["date-range"]);
  });
});

describe("hints", () => {
  const regular = (count: number): string[] =>
    ["a", "b", "c"].slice(0, count).flatMap((name) => [part(`${name}0`), part(`${name}1`), ...segment(name)]);

  test("are told with the place that the segments before give them", () => {
    const { take } = feeding();
    expect(brief(take(...LOW, ...regular(2), part("c0"), hint("c1"))).slice(-1)).toEqual(["~2.1"]);
    expect(brief(take(...LOW, ...regular(2), part("c0"), part("c1"), hint("d0")))).toEqual(["2.1", "~3.0"]);
    expect(brief(take(...LOW, ...regular(3), part("d0"), hint("d1")))).toEqual(["3.0", "~3.1"]);
  });

  test("are not told where it cannot be known whether a segment opens", () => {
    const { take } = feeding();
    const irregular = [part("a0"), ...segment("a"), part("b0"), part("b1"), part("b2"), ...segment("b")];
    expect(brief(take(...LOW, ...irregular, part("c0"), hint("c1"))).slice(-1)).toEqual(["2.0"]);
    expect(brief(take(...LOW, ...irregular, part("c0"), part("c1"), hint("c2")))).toEqual(["2.1"]);
  });

  test("are dropped where something else comes, and at the end", () => {
    const { take } = feeding();
    take(...LOW, ...regular(2), part("c0"), hint("c1"));
    expect(brief(take(...LOW, ...regular(2), part("c0"), ...segment("c", 1_000), part("d0")))).toEqual(["-2.1", "3.0"]);
    const ending = feeding();
    ending.take(...LOW, ...regular(2), part("c0"), hint("c1"));
    expect(brief(ending.take(...LOW, ...regular(2), part("c0"), ...segment("c"), "#EXT-X-ENDLIST"))).toEqual([
      "-2.1",
      "end",
    ]);
  });

  test("of ranges tell by themselves whether a segment opens", () => {
    const { take } = feeding();
    const open = part("s0", ',BYTERANGE="10@0"');
    const [told] = take(...LOW, open, hint("s0", ",BYTERANGE-START=10")).slice(-1);
    expect(told).toMatchObject({ part: { key: { msn: 0, part: 1 }, ref: { range: { offsetBytes: 10 } } } });
    expect(brief(take(...LOW, open, hint("s1", ",BYTERANGE-START=0")))).toEqual(["-0.1", "~1.0"]);
  });

  test("of an init segment come before it is in effect", () => {
    const { take } = feeding();
    take(...LOW, '#EXT-X-MAP:URI="i1"', ...regular(2), part("c0"));
    const events = take(
      ...LOW,
      '#EXT-X-MAP:URI="i1"',
      ...regular(2),
      part("c0"),
      '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i2"',
    );
    expect(events).toEqual([{ kind: "init", init: { url: "http://origin.example/a/i2" }, hinted: true }]);
  });
});

describe("keys", () => {
  test("are told when they change, with absolute URIs, and NONE at their end", () => {
    const { take } = feeding();
    const key = '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="key",IV=0x000102030405060708090A0B0C0D0E0F';
    const events = take(key, ...segment("a"), ...segment("b"), "#EXT-X-KEY:METHOD=NONE", ...segment("c"));
    expect(brief(events)).toEqual(["keys", "0.0", "1.0", "keys", "2.0"]);
    expect(events[0]).toMatchObject({
      keys: [{ method: "SAMPLE-AES", uri: "http://origin.example/a/key", iv: Uint8Array.from(Array(16).keys()) }],
    });
    expect(events[3]).toEqual({ kind: "keys", keys: [{ method: "NONE" }] });
  });

  test("whose IV is the media sequence number are told with it, for each segment", () => {
    const { take } = feeding();
    const key = '#EXT-X-KEY:METHOD=AES-128,URI="key"';
    const events = take("#EXT-X-MEDIA-SEQUENCE:258", key, ...segment("a"), ...segment("b"));
    expect(brief(events)).toEqual(["keys", "258.0", "keys", "259.0"]);
    const [first] = events;
    expect(first?.kind === "keys" && [...(first.keys[0]?.iv ?? [])].slice(-3)).toEqual([0, 1, 2]);
  });

  test("have the IV that is said, and none but that", () => {
    const { take } = feeding();
    const key = (iv: string): string => `#EXT-X-KEY:METHOD=AES-128,URI="key",IV=${iv}`;
    const [short] = take(key("0x1A2"), ...segment("a"));
    expect(short?.kind === "keys" && [...(short.keys[0]?.iv ?? [])]).toEqual([...new Array(14).fill(0), 1, 0xa2]);
    for (const iv of ["1", "0x", "0xZZ", `0x${"0".repeat(33)}`]) {
      expect(() => feeding().take(key(iv), ...segment("a"))).toThrow(/IV/);
    }
  });

  test("that cannot be passed on are the origin's fault", () => {
    const { take } = feeding();
    expect(() => take('#EXT-X-KEY:METHOD=ROT13,URI="key"', ...segment("a"))).toThrow(/METHOD|method/);
  });
});

test("whatever the playlists are, parts come in order and once, and nothing but origin-malformed is thrown", () => {
  const line = fc.oneof(
    fc.string(),
    fc.constantFrom(
      "#EXTINF:1,",
      "#EXTINF:x,",
      "seg",
      '#EXT-X-PART:DURATION=1,URI="p"',
      '#EXT-X-PART:DURATION=1,URI="p",BYTERANGE="5"',
      "#EXT-X-PART-INF:PART-TARGET=1",
      "#EXT-X-DISCONTINUITY",
      "#EXT-X-ENDLIST",
      '#EXT-X-MAP:URI="i"',
      '#EXT-X-KEY:METHOD=AES-128,URI="k"',
      "#EXT-X-KEY:METHOD=X",
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="h"',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p",BYTERANGE-START=5',
      '#EXT-X-DATERANGE:ID="a",START-DATE="x"',
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",
      "#EXT-X-PROGRAM-DATE-TIME:x",
    ),
  );
  const playlist = fc.tuple(fc.nat({ max: 6 }), fc.array(line, { maxLength: 20 }));
  fc.assert(
    fc.property(fc.array(playlist, { maxLength: 6 }), fc.constantFrom("edge", "window"), (playlists, start) => {
      const seen: number[] = [];
      const feed = new PartFeed({
        rendition: 0,
        start: start as PartFeedOptions["start"],
        emit: (event) => {
          if (event.kind !== "part" || event.part.hinted) return;
          const { key, programDateTimeMs, ref } = event.part;
          seen.push(key.msn * 1024 + key.part);
          expect(Number.isFinite(programDateTimeMs) && URL.canParse(ref.url)).toBe(true);
        },
        undatedMs: () => 0,
      });
      for (const [sequence, lines] of playlists) {
        try {
          feed.take(parseMediaPlaylist(`#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:${sequence}\n${lines.join("\n")}`, BASE));
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RelayError);
          expect((thrown as RelayError).code).toBe("origin-malformed");
        }
      }
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    }),
  );
});
