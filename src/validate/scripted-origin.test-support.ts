import { gunzipSync } from "node:zlib";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { createMatch } from "../http/handler.ts";
import {
  TEST_AUDIO,
  TEST_VIDEO,
  type TestPartOptions,
  testAudioPart,
  testInit,
  testPart,
  testVtt,
} from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import type { CacheOptions, StreamOptions } from "../model/options.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import { Playlists } from "../origin/playlists.ts";
import type { Rendition } from "../origin/rendition.ts";
import type { Fetch } from "./exchange.ts";
import { type ValidateOptions, type ValidationReport, validate } from "./validate.ts";

const BASE = "http://origin.example/live/";
const STREAM = "studio";
const FRAME_RATE = 30;
/** Real time moves in steps of this. */
const STEP_MS = 20;

/** A request, as a tampering origin sees it. */
export interface Seen {
  readonly url: URL;
  readonly kind: "multivariant" | "playlist" | "part" | "segment" | "init" | "other";
  readonly rendition: string | undefined;
  /** Of the part, segment or init segment; -1 elsewhere. */
  readonly number: number;
  readonly atMs: number;
  readonly range: string | null;
  readonly clock: FakeClock;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array<ArrayBuffer>;
}

/** How an origin goes wrong. */
export interface Tamper {
  /** Rewrites what is asked before the real origin sees it. */
  readonly ask?: (seen: Seen) => void;
  /** Rewrites the text of Media Playlists. */
  readonly playlist?: (text: string, seen: Seen) => string;
  readonly answer?: (answer: Answer, seen: Seen) => Answer | Response | Promise<Answer | Response>;
}

/** What the producer does for one part of its schedule. */
export interface Produced {
  /** Default 6: 200 ms. */
  readonly frames?: number;
  readonly independent?: boolean;
  readonly gap?: boolean;
  /** Nothing comes at this time. */
  readonly silent?: boolean;
  /** Parts that come at once, those that were late first. Default 1. */
  readonly count?: number;
  /** Video has audio with it. Default false. */
  readonly audio?: boolean;
  /** What is published instead of the bytes. */
  readonly encrypt?: (bytes: Bytes) => Bytes;
  /** Frames that the timeline leaps over. */
  readonly leap?: number;
  /** Called after this part. */
  readonly after?: (rendition: Rendition) => void;
}

export interface Scenario {
  /** Ids of video, or more than that. Default: one, `main`. */
  readonly renditions?: readonly (string | RenditionOptions)[];
  readonly options?: Partial<StreamOptions>;
  readonly cache?: CacheOptions;
  /** The part of number `n` of the schedule, due at `n` part targets. Default: independent every fifth. */
  readonly produce?: (n: number, rendition: string) => Produced;
  /** Init segments at the start, and of each producer that comes back. Default: those of the test media, in the clear. */
  readonly init?: (rendition: RenditionOptions) => Bytes;
  /** What happens once all renditions have their init segments, before the first part. */
  readonly begin?: (rendition: Rendition) => void;
  /** Another producer goes on under this epoch, from this part of the schedule on. */
  readonly resume?: { readonly at: number; readonly epoch: string };
  /** Real time between parts of the schedule. Default: 200 ms, as long as they last. */
  readonly everyMs?: number;
  readonly endAtMs?: number;
  readonly forMs?: number;
  readonly tamper?: Tamper;
  readonly validate?: ValidateOptions;
}

/** The real origin under a virtual clock, with a producer that keeps to a script and a tamper hook on all answers. */
class ScriptedOrigin {
  readonly clock = new FakeClock();
  readonly fetch: Fetch;
  readonly #scenario: Scenario;
  readonly #renditions: readonly RenditionOptions[];
  readonly #playlists: Playlists;
  readonly #frames = new Map<string, number>();
  readonly #everyMs: number;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#renditions = (scenario.renditions ?? ["main"]).map((rendition) =>
      typeof rendition === "string" ? { id: rendition, codecs: "avc1.42c01f", bandwidth: 1_000_000 } : rendition,
    );
    this.#everyMs = scenario.everyMs ?? 200;
    this.#playlists = new Playlists({ numPlaylists: 8, ...scenario.cache }, { clock: this.clock });
    this.#open("e1");
    const match = createMatch(this.#playlists, { gzip: true, allowOrigin: "*" });
    this.fetch = async (url, init) => {
      const seen = this.#see(url, new Headers(init.headers));
      const tamper = scenario.tamper ?? {};
      tamper.ask?.(seen);
      const request = new Request(seen.url, { ...init, headers: { ...init.headers, "accept-encoding": "gzip" } });
      const response = await match(request);
      if (response === undefined) return new Response(null, { status: 404 });
      // A segment that grows comes as it grows.
      if (seen.kind === "segment" && tamper.answer === undefined) return response;
      let answer: Answer = {
        status: response.status,
        headers: new Headers(response.headers),
        bytes: new Uint8Array(await response.arrayBuffer()),
      };
      if (answer.headers.get("content-encoding") === "gzip") answer.bytes = Uint8Array.from(gunzipSync(answer.bytes));
      if (seen.kind === "playlist" && answer.status === 200) {
        const text = new TextDecoder().decode(answer.bytes);
        answer.bytes = new TextEncoder().encode(tamper.playlist?.(text, seen) ?? text);
      }
      const tampered = await (tamper.answer?.(answer, { ...seen, atMs: this.clock.now() }) ?? answer);
      if (tampered instanceof Response) return tampered;
      answer = tampered;
      return new Response(answer.bytes, { status: answer.status, headers: answer.headers });
    };
    this.#publish(0);
  }

  #see(url: string, headers: Headers): Seen {
    const parsed = new URL(url);
    const [, rendition, ...rest] = parsed.pathname.slice("/live/".length).split("/");
    const file = /^(part|seg|init)-(\d+)\.(?:mp4|vtt)$/.exec(rest.at(-1) ?? "");
    const kinds = { part: "part", seg: "segment", init: "init" } as const;
    const kind =
      file !== null
        ? kinds[file[1] as keyof typeof kinds]
        : rest.at(-1) === "media.m3u8"
          ? "playlist"
          : rendition === "main.m3u8"
            ? "multivariant"
            : "other";
    const number = file === null ? -1 : Number(file[2]);
    return {
      url: parsed,
      kind,
      rendition,
      number,
      atMs: this.clock.now(),
      range: headers.get("range"),
      clock: this.clock,
    };
  }

  /** A producer comes, with a timeline of its own. */
  #open(epoch: string): void {
    const { options, init = initOf, begin } = this.#scenario;
    const timing = { partTargetMs: 200, targetDurationMs: 2000, segmentMinMs: 1000 };
    this.#playlists.open(STREAM, { epoch, options: { renditions: this.#renditions, ...timing, ...options } });
    this.#frames.clear();
    for (const options of this.#renditions) {
      const rendition = this.#rendition(options.id);
      if (!rendition.isText) rendition.setInit(init(options));
      begin?.(rendition);
    }
  }

  #rendition(id: string): Rendition {
    return this.#playlists.get(STREAM).rendition(id);
  }

  #publish(n: number): void {
    const { produce, endAtMs, resume } = this.#scenario;
    if (endAtMs !== undefined && this.clock.now() >= endAtMs) {
      for (const { id } of this.#renditions) this.#rendition(id).end();
      return;
    }
    if (resume?.at === n) this.#open(resume.epoch);
    for (const { id } of this.#renditions) this.#produce(n, this.#rendition(id), produce?.(n, id) ?? {});
    this.clock.after(this.#everyMs, () => this.#publish(n + 1));
  }

  #produce(n: number, rendition: Rendition, produced: Produced): void {
    const { frames = 6, gap, silent = false, count = 1, leap = 0, encrypt = (bytes) => bytes, after } = produced;
    const { id, kind } = rendition.options;
    const durationMs = (frames * 1000) / FRAME_RATE;
    for (let late = silent ? -1 : count - 1; late >= 0; late--) {
      const firstFrame = (this.#frames.get(id) ?? 0) + (late === count - 1 ? leap : 0);
      this.#frames.set(id, firstFrame + frames);
      if (gap === true) rendition.addGap(durationMs);
      else {
        const { independent = (n - late) % 5 === 0, audio = false } = produced;
        const bytes = mediaOf(kind, { sequenceNumber: n - late + 1, firstFrame, frames, independent, audio });
        const programDateTimeMs = this.clock.wallMs() - (late + 1) * durationMs;
        rendition.addPart({ bytes: encrypt(bytes), durationMs, programDateTimeMs });
      }
    }
    after?.(rendition);
  }
}

const initOf = ({ kind }: RenditionOptions): Bytes =>
  testInit(kind === "audio" ? { audio: TEST_AUDIO } : { video: TEST_VIDEO });

function mediaOf(
  kind: RenditionOptions["kind"],
  part: TestPartOptions & { readonly firstFrame: number; readonly frames: number },
): Bytes {
  const msOf = (frame: number): number => (frame * 1000) / FRAME_RATE;
  const [startMs, endMs] = [msOf(part.firstFrame), msOf(part.firstFrame + part.frames)];
  if (kind === "subtitles") return testVtt(`frame ${part.firstFrame}`, startMs, endMs);
  if (kind !== "audio") return testPart(part);
  const firstSample = Math.round(startMs / 20);
  return testAudioPart({ firstSample, samples: Math.round(endMs / 20) - firstSample });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the validator on a scenario, in virtual time. */
export async function validateScenario(scenario: Scenario): Promise<ValidationReport> {
  const origin = new ScriptedOrigin(scenario);
  const { clock } = origin;
  // So much is there when the validator comes.
  clock.advance(2_400);
  let report: ValidationReport | undefined;
  let failure: unknown;
  validate(`${BASE}${STREAM}/main.m3u8`, {
    durationMs: scenario.forMs ?? 20_000,
    fetch: origin.fetch,
    clock,
    ...scenario.validate,
  }).then(
    (done) => {
      report = done;
    },
    (thrown: unknown) => {
      failure = thrown;
    },
  );
  for (let stepMs = 0; report === undefined && failure === undefined; stepMs += STEP_MS) {
    if (stepMs > 1_000_000) throw new Error("the validator does not come to its end");
    for (let i = 0; i < 3; i++) await turn();
    clock.advance(STEP_MS);
  }
  if (report === undefined) throw failure;
  return report;
}
