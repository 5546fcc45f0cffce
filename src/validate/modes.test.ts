import { expect, test } from "vitest";
import { TEST_AUDIO, TEST_VIDEO, testCbcsPart, testInit } from "../media/media.test-support.ts";
import type { MediaKey } from "../model/media-key.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import type { MediaPlaylist } from "./media-playlist.ts";
import { type Scenario, validateScenario } from "./scripted-origin.test-support.ts";

const HIGH: RenditionOptions = { id: "high", bandwidth: 1_000_000 };
const LOW: RenditionOptions = { id: "low", bandwidth: 300_000 };
const AUDIO: RenditionOptions = { id: "en", kind: "audio", bandwidth: 64_000, language: "en", default: true };
const CAPTIONS: RenditionOptions = { id: "cc", kind: "subtitles", bandwidth: 1_000, language: "en" };

/** Its deltas skip: the window is longer than CAN-SKIP-UNTIL. */
const WINDOW = { maxSegments: 18 };
const RUN_MS = 120_000;

interface Outcome {
  readonly ended: boolean;
  /** Newest of each rendition. */
  readonly last: ReadonlyMap<string, MediaPlaylist>;
  /** Whether the text of any Media Playlist was so. */
  readonly seen: (pattern: RegExp) => boolean;
}

/** Follows a mode for two minutes, expects no MUST and something to look at for `rules`. */
async function expectNoMust(scenario: Scenario, rules: readonly number[]): Promise<Outcome> {
  const last = new Map<string, MediaPlaylist>();
  const texts: string[] = [];
  const report = await validateScenario({
    forMs: RUN_MS,
    cache: WINDOW,
    ...scenario,
    tamper: {
      ...scenario.tamper,
      playlist: (text) => {
        texts.push(text);
        return text;
      },
    },
    validate: { onPlaylist: (rendition, playlist) => last.set(rendition, playlist) },
  });
  expect(report.failure).toBeUndefined();
  const musts = report.findings.filter(({ level }) => level === "MUST");
  expect(musts.map(({ rule, message, url, lines }) => ({ rule, message, url, lines }))).toEqual([]);
  const idle = report.rules.filter(({ rule, occasions }) => rules.includes(rule) && occasions === 0);
  expect(idle.map(({ rule }) => rule)).toEqual([]);
  return { ended: report.ended, last, seen: (pattern) => texts.some((text) => pattern.test(text)) };
}

test("a sliding window of two videos, audio of its own and WebVTT breaks no MUST", async () => {
  const { last, ended } = await expectNoMust({ renditions: [HIGH, LOW, AUDIO, CAPTIONS] }, [13, 18, 34, 43, 44, 50]);
  expect([...last.keys()].sort()).toEqual(["cc", "en", "high", "low"]);
  for (const { mediaSequence, playlistType } of last.values()) {
    expect(mediaSequence).toBeGreaterThan(90);
    expect(playlistType).toBeUndefined();
  }
  expect(ended).toBe(false);
});

test("an EVENT that ends, and is VOD from then on, breaks no MUST", async () => {
  const { last, ended, seen } = await expectNoMust(
    { renditions: [HIGH, AUDIO], options: { type: "event" }, endAtMs: RUN_MS - 2_000 },
    [36, 57],
  );
  expect(seen(/#EXT-X-PLAYLIST-TYPE:EVENT\n/)).toBe(true);
  expect(ended).toBe(true);
  for (const { mediaSequence, playlistType, segments } of last.values()) {
    expect([mediaSequence, playlistType]).toEqual([1, "VOD"]);
    expect(segments.length).toBeGreaterThan(100);
  }
});

test("parts that are ranges of a segment that grows break no MUST, gaps among them or not", async () => {
  const { seen } = await expectNoMust(
    {
      renditions: [HIGH, AUDIO],
      options: { parts: "byterange" },
      produce: (n) => ({ gap: n % 90 === 7 || (n % 200 >= 101 && n % 200 < 112) }),
    },
    [18, 19, 25, 39, 62],
  );
  expect(seen(/#EXT-X-PART:.*BYTERANGE=/)).toBe(true);
  expect(seen(/#EXT-X-PRELOAD-HINT:.*BYTERANGE-START=[1-9]/)).toBe(true);
});

test("discontinuities with another timeline, picture or track set break no MUST", async () => {
  const { last } = await expectNoMust(
    {
      renditions: [HIGH, AUDIO],
      produce: (n, id) => ({
        independent: n % 5 === 0 || n % 100 === 51,
        leap: n % 100 === 51 ? 900 : 0,
        // From here on the video has audio with it: the origin tells of another track set by itself.
        audio: n > 350,
        after: (rendition) => {
          if (n % 100 !== 50) return;
          rendition.discontinuity();
          if (id !== "high") return;
          const video = { ...TEST_VIDEO, width: 320 + n };
          rendition.setInit(testInit(n < 350 ? { video } : { video, audio: TEST_AUDIO }));
        },
      }),
    },
    [29, 33, 41],
  );
  expect(last.get("high")?.discontinuitySequence).toBeGreaterThan(3);
});

test("gaps, of parts and of whole segments, in one rendition or in all, break no MUST", async () => {
  const { seen } = await expectNoMust(
    {
      renditions: [HIGH, AUDIO],
      produce: (n, id) => ({
        gap: (id === "en" && n % 40 === 7) || (n % 90 >= 41 && n % 90 < 62),
        independent: n % 5 === 0 || n % 90 === 62,
      }),
    },
    [25],
  );
  expect(seen(/#EXT-X-PART:.*GAP=YES/)).toBe(true);
  expect(seen(/#EXT-X-GAP\n/)).toBe(true);
});

test("date ranges that deltas of v2 leave out break no MUST", async () => {
  const { seen } = await expectNoMust(
    {
      renditions: [HIGH],
      options: { skipDateRanges: true },
      produce: (n) => ({
        after: (rendition) => {
          if (n % 20 !== 10) return;
          const startDate = Date.UTC(2026, 0, 1) + n * 200;
          rendition.addDateRange({ id: `ad-${n}`, startDate, durationMs: 2_000, attributes: { "X-N": n } });
        },
      }),
    },
    [12, 49, 50],
  );
  expect(seen(/#EXT-X-SKIP:.*RECENTLY-REMOVED-DATERANGES="[^"]/)).toBe(true);
});

test("keys of cbcs that come, change and go break no MUST, and stand as SESSION-KEY", async () => {
  const key = (uri: string): MediaKey => ({
    method: "SAMPLE-AES",
    uri,
    keyFormat: "com.apple.streamingkeydelivery",
    keyFormatVersions: "1",
  });
  let multivariant = "";
  const isClear = (n: number): boolean => n > 400 && n <= 500;
  const encrypted = <T extends object>(track: T) => ({ ...track, encrypted: true });
  const { seen } = await expectNoMust(
    {
      renditions: [HIGH, AUDIO],
      init: ({ kind }) =>
        testInit(kind === "audio" ? { audio: encrypted(TEST_AUDIO) } : { video: encrypted(TEST_VIDEO) }),
      begin: (rendition) => rendition.setKeys([key("skd://0"), { ...key("data:,0"), keyFormat: "urn:uuid:0" }]),
      produce: (n) => ({
        ...(isClear(n) ? {} : { encrypt: testCbcsPart }),
        after: (rendition) => {
          if (n % 100 === 99 || n === 400 || n === 500)
            rendition.setKeys([isClear(n + 1) ? { method: "NONE" } : key(`skd://${n}`)]);
        },
      }),
      tamper: {
        answer: (answer, { kind }) => {
          if (kind === "multivariant") multivariant = new TextDecoder().decode(answer.bytes);
          return answer;
        },
      },
    },
    [17, 18, 48, 50],
  );
  expect(multivariant.match(/#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="(skd|data):/g)).toHaveLength(2);
  expect(multivariant).toContain('CODECS="avc1.42c01f,opus"');
  expect(seen(/#EXT-X-KEY:METHOD=NONE\n/)).toBe(true);
  expect(seen(/#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd:\/\/500"/)).toBe(true);
});

test("a producer that is lost, and another that goes on under its own epoch, break no MUST", async () => {
  const { last, seen } = await expectNoMust(
    {
      renditions: [HIGH, CAPTIONS],
      // Its timeline starts anew.
      produce: (n) => ({ silent: n > 201 && n < 275 }),
      resume: { at: 275, epoch: "e2" },
    },
    [28, 33, 40],
  );
  expect(seen(/e1\/seg-\d+\.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e2\/init-1\.mp4"/)).toBe(true);
  for (const { segments } of last.values()) expect(segments.at(-1)?.resource?.uri).toMatch(/^e2\//);
});

test("one rendition whose parts come late, and then at once, breaks no MUST", async () => {
  // Three seconds without sound now and then, which come all at once.
  const isStalled = (n: number): boolean => n % 200 >= 100 && n % 200 < 115;
  const { last } = await expectNoMust(
    {
      renditions: [HIGH, AUDIO],
      produce: (n, id) => {
        if (id !== "en") return {};
        if (isStalled(n)) return { silent: true };
        return isStalled(n - 1) ? { count: 16 } : {};
      },
    },
    [43, 44],
  );
  const ends = [...last.values()].map(({ segments }) => segments.at(-1)?.msn ?? 0);
  expect(Math.max(...ends) - Math.min(...ends)).toBeLessThanOrEqual(1);
});
