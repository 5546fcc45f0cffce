import { TEST_AUDIO, TEST_VIDEO, testCbcsPart, testInit } from "../media/media.test-support.ts";
import type { MediaKey } from "../model/media-key.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import type { Fetch } from "../reader/exchange.ts";
import type { MediaPlaylist } from "../reader/media-playlist.ts";
import type { Script } from "./scripted-producer.test-support.ts";
import type { ValidateOptions, ValidationReport } from "./validate.ts";

const HIGH: RenditionOptions = { id: "high", bandwidth: 1_000_000 };
const LOW: RenditionOptions = { id: "low", bandwidth: 300_000 };
const AUDIO: RenditionOptions = { id: "en", kind: "audio", bandwidth: 64_000, language: "en", default: true };
const CAPTIONS: RenditionOptions = { id: "cc", kind: "subtitles", bandwidth: 1_000, language: "en" };

/** Deltas of such a window skip: it is longer than CAN-SKIP-UNTIL. */
export const MODE_WINDOW = { maxSegments: 18 };

/** What a validator saw of a mode. */
export interface Outcome {
  /** Of the script, which may have been stretched. */
  readonly runMs: number;
  readonly report: ValidationReport;
  /** Newest of each rendition. */
  readonly last: ReadonlyMap<string, MediaPlaylist>;
  /** Whether the text of any answer was so, of the Multivariant Playlist or of a Media Playlist. */
  readonly seen: (pattern: RegExp) => boolean;
}

/** A way to publish, each of which must break no MUST for as long as it is followed, from a minute on. */
export interface Mode {
  readonly name: string;
  readonly script: (runMs: number) => Script;
  /** Rules that must have had something to look at. */
  readonly rules: readonly number[];
  /** What must have been seen, so that the run shows what it is about. */
  readonly shows: Readonly<Record<string, (outcome: Outcome) => boolean>>;
}

/** Notes what comes of a run. */
export class ModeWatch {
  readonly #last = new Map<string, MediaPlaylist>();
  readonly #texts: string[] = [];

  /** Options of the validator that goes through `fetch`. */
  options(fetch: Fetch): Pick<ValidateOptions, "fetch" | "onPlaylist"> {
    return {
      fetch: async (url, init) => {
        const response = await fetch(url, init);
        if (!new URL(url).pathname.endsWith(".m3u8") || response.status !== 200) return response;
        const text = await response.text();
        this.#texts.push(text);
        return new Response(text, { headers: response.headers });
      },
      onPlaylist: (rendition, playlist) => this.#last.set(rendition, playlist),
    };
  }

  /** Everything that is not as it has to be; empty where all is well. */
  problems(mode: Mode, report: ValidationReport, runMs: number): unknown[] {
    const outcome: Outcome = {
      runMs,
      report,
      last: this.#last,
      seen: (pattern) => this.#texts.some((text) => pattern.test(text)),
    };
    const { failure, findings, rules } = report;
    const idle = rules.filter(({ rule, occasions }) => mode.rules.includes(rule) && occasions === 0);
    const unseen = Object.entries(mode.shows).filter(([, shown]) => !shown(outcome));
    return [
      ...(failure === undefined ? [] : [failure]),
      ...findings
        .filter(({ level }) => level === "MUST")
        .map(({ rule, message, url, lines }) => ({ rule, message, url, lines })),
      ...idle.map(({ rule }) => `rule ${rule} had nothing to look at`),
      ...unseen.map(([what]) => `expected ${what}`),
    ];
  }
}

const isStalled = (n: number): boolean => n % 200 >= 100 && n % 200 < 115;
const isClear = (n: number): boolean => n > 150 && n <= 250;
const encrypted = <T extends object>(track: T) => ({ ...track, encrypted: true });
const cbcsKey = (uri: string): MediaKey => ({
  method: "SAMPLE-AES",
  uri,
  keyFormat: "com.apple.streamingkeydelivery",
  keyFormatVersions: "1",
});
const lastOf = ({ last }: Outcome): readonly MediaPlaylist[] => [...last.values()];

export const MODES: readonly Mode[] = [
  {
    name: "a sliding window of two videos, audio of its own and WebVTT",
    script: () => ({ renditions: [HIGH, LOW, AUDIO, CAPTIONS] }),
    rules: [13, 18, 34, 43, 44, 50],
    shows: {
      "all four renditions": ({ last }) => [...last.keys()].sort().join() === "cc,en,high,low",
      "a window that slides": (outcome) =>
        lastOf(outcome).every(({ mediaSequence }) => mediaSequence > outcome.runMs / 1000 - 30),
      "no end and no type": (outcome) =>
        !outcome.report.ended && lastOf(outcome).every(({ playlistType }) => playlistType === undefined),
    },
  },
  {
    name: "an EVENT that ends, and is VOD from then on",
    script: (runMs) => ({ renditions: [HIGH, AUDIO], options: { type: "event" }, endAtMs: 0.75 * runMs }),
    rules: [36, 57],
    shows: {
      "an EVENT": ({ seen }) => seen(/#EXT-X-PLAYLIST-TYPE:EVENT\n/),
      "its end": ({ report }) => report.ended,
      "a VOD from the first segment on": (outcome) =>
        lastOf(outcome).every(
          ({ mediaSequence, playlistType, segments }) =>
            mediaSequence === 1 && playlistType === "VOD" && segments.length > 0.7 * (outcome.runMs / 1000),
        ),
    },
  },
  {
    name: "parts that are ranges of a segment that grows, gaps among them or not",
    script: () => ({
      renditions: [HIGH, AUDIO],
      options: { parts: "byterange" },
      produce: (n) => ({ gap: n % 90 === 7 || (n % 200 >= 101 && n % 200 < 112) }),
    }),
    rules: [18, 19, 25, 39, 62],
    shows: {
      ranges: ({ seen }) => seen(/#EXT-X-PART:.*BYTERANGE=/),
      "hints of ranges": ({ seen }) => seen(/#EXT-X-PRELOAD-HINT:.*BYTERANGE-START=[1-9]/),
      gaps: ({ seen }) => seen(/#EXT-X-PART:.*GAP=YES/),
    },
  },
  {
    name: "discontinuities with another timeline, picture or track set",
    script: () => ({
      renditions: [HIGH, AUDIO],
      produce: (n, id) => ({
        independent: n % 5 === 0 || n % 100 === 51,
        leap: n % 100 === 51 ? 900 : 0,
        // From here on the video has audio with it: the origin tells of another track set by itself.
        audio: n > 150,
        after: (rendition) => {
          if (n % 100 !== 50) return;
          rendition.discontinuity();
          if (id !== "high") return;
          const video = { ...TEST_VIDEO, width: 320 + n };
          rendition.setInit(testInit(n < 150 ? { video } : { video, audio: TEST_AUDIO }));
        },
      }),
    }),
    rules: [29, 33, 41],
    shows: {
      "discontinuities that left": ({ last, runMs }) =>
        (last.get("high")?.discontinuitySequence ?? 0) >= Math.floor((runMs - 30_000) / 20_000),
      "hints of init segments": ({ seen }) => seen(/#EXT-X-PRELOAD-HINT:TYPE=MAP/),
    },
  },
  {
    name: "gaps, of parts and of whole segments, in one rendition or in all",
    script: () => ({
      renditions: [HIGH, AUDIO],
      produce: (n, id) => ({
        gap: (id === "en" && n % 40 === 7) || (n % 90 >= 41 && n % 90 < 62),
        independent: n % 5 === 0 || n % 90 === 62,
      }),
    }),
    rules: [25],
    shows: {
      "gaps of parts": ({ seen }) => seen(/#EXT-X-PART:.*GAP=YES/),
      "gaps of segments": ({ seen }) => seen(/#EXT-X-GAP\n/),
    },
  },
  {
    name: "date ranges that deltas of v2 leave out",
    script: () => ({
      renditions: [HIGH],
      options: { skipDateRanges: true },
      produce: (n) => ({
        after: (rendition) => {
          if (n % 20 !== 10) return;
          const startDate = Date.UTC(2026, 0, 1) + n * 200;
          rendition.addDateRange({ id: `ad-${n}`, startDate, durationMs: 2_000, attributes: { "X-N": n } });
        },
      }),
    }),
    rules: [12, 49, 50],
    shows: {
      "ranges that went": ({ seen }) => seen(/#EXT-X-SKIP:.*RECENTLY-REMOVED-DATERANGES="[^"]/),
    },
  },
  {
    name: "keys of cbcs that come, change and go",
    script: () => ({
      renditions: [HIGH, AUDIO],
      init: ({ kind }) =>
        testInit(kind === "audio" ? { audio: encrypted(TEST_AUDIO) } : { video: encrypted(TEST_VIDEO) }),
      begin: (rendition) => rendition.setKeys([cbcsKey("skd://0"), { ...cbcsKey("data:,0"), keyFormat: "urn:uuid:0" }]),
      produce: (n) => ({
        ...(isClear(n) ? {} : { encrypt: testCbcsPart }),
        after: (rendition) => {
          if (n % 100 === 99 || n === 150 || n === 250)
            rendition.setKeys([isClear(n + 1) ? { method: "NONE" } : cbcsKey(`skd://${n}`)]);
        },
      }),
    }),
    rules: [17, 18, 48, 50],
    shows: {
      "two SESSION-KEYs": ({ seen }) => seen(/(#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI="(skd|data):.*\n){2}/),
      codecs: ({ seen }) => seen(/CODECS="avc1\.42c01f,opus"/),
      "an end of encryption": ({ seen }) => seen(/#EXT-X-KEY:METHOD=NONE\n/),
      "a key after it": ({ seen }) => seen(/#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd:\/\/250"/),
    },
  },
  {
    name: "a producer that is lost, and another that goes on under its own epoch",
    script: () => ({
      renditions: [HIGH, CAPTIONS],
      // Its timeline starts anew.
      produce: (n) => ({ silent: n > 201 && n < 275 }),
      resume: { at: 275, epoch: "e2" },
    }),
    rules: [28, 33, 40],
    shows: {
      "the other producer": ({ seen }) =>
        seen(/e1\/seg-\d+\.mp4\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="e2\/init-1\.mp4"/),
      "its segments last": (outcome) =>
        lastOf(outcome).every(({ segments }) => segments.at(-1)?.resource?.uri.startsWith("e2/")),
      "the silence": ({ report }) => report.findings.some(({ message }) => message.includes("is the producer gone?")),
      "no hint that was not withdrawn": ({ report }) => !report.findings.some(({ rule }) => rule === 40 || rule === 41),
    },
  },
  {
    name: "one rendition whose parts come late, and then at once",
    script: () => ({
      renditions: [HIGH, AUDIO],
      // Three seconds without sound now and then, which come all at once.
      produce: (n, id) => {
        if (id !== "en") return {};
        if (isStalled(n)) return { silent: true };
        return isStalled(n - 1) ? { count: 16 } : {};
      },
    }),
    rules: [43, 44],
    shows: {
      "both at the same place": (outcome) => {
        const ends = lastOf(outcome).map(({ segments }) => segments.at(-1)?.msn ?? 0);
        return Math.max(...ends) - Math.min(...ends) <= 1;
      },
    },
  },
];
