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
import type { Clock } from "../model/clock.ts";
import type { StreamOptions } from "../model/options.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import type { Playlists } from "../origin/playlists.ts";
import type { Rendition } from "../origin/rendition.ts";

const FRAME_RATE = 30;

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

/** What a producer publishes, and when. */
export interface Script {
  /** Ids of video, or more than that. Default: one, `main`. */
  readonly renditions?: readonly (string | RenditionOptions)[];
  readonly options?: Partial<StreamOptions>;
  /** The part of number `n` of the schedule, due at `n` part targets. Default: independent every fifth. */
  readonly produce?: (n: number, rendition: string) => Produced;
  /** Init segments at the start, and of each producer that comes back. Default: those of the test media, in the clear. */
  readonly init?: (rendition: RenditionOptions) => Bytes;
  /** What happens once all renditions have their init segments, before the first part. */
  readonly begin?: (rendition: Rendition) => void;
  /** Another producer goes on under this epoch, from this part of the schedule on. */
  readonly resume?: { readonly at: number; readonly epoch: string };
  /** Time between parts of the schedule. Default: 200 ms, as long as they last. */
  readonly everyMs?: number;
  readonly endAtMs?: number;
  /** How many times longer everything is, parts and target durations too. Default 1. */
  readonly stretch?: number;
}

/** A producer that keeps to a script, by any clock. */
export class ScriptedProducer {
  readonly #script: Script;
  readonly #stream: string;
  readonly #playlists: Playlists;
  readonly #clock: Clock;
  readonly #renditions: readonly RenditionOptions[];
  readonly #frames = new Map<string, number>();
  readonly #startMs: number;
  #cancelTimer = (): void => undefined;

  /** Opens the stream, and publishes the first part at once. */
  constructor(script: Script, on: { readonly playlists: Playlists; readonly stream: string; readonly clock: Clock }) {
    this.#script = script;
    this.#stream = on.stream;
    this.#playlists = on.playlists;
    this.#clock = on.clock;
    this.#startMs = on.clock.now();
    this.#renditions = (script.renditions ?? ["main"]).map((rendition) =>
      typeof rendition === "string" ? { id: rendition, codecs: "avc1.42c01f", bandwidth: 1_000_000 } : rendition,
    );
    this.#open("e1");
    this.#publish(0);
  }

  /** Publishes no more. */
  stop(): void {
    this.#cancelTimer();
  }

  /** A producer comes, with a timeline of its own. */
  #open(epoch: string): void {
    const { options, init = initOf, begin, stretch = 1 } = this.#script;
    const timing = { partTargetMs: 200 * stretch, targetDurationMs: 2000 * stretch, segmentMinMs: 1000 * stretch };
    this.#playlists.open(this.#stream, { epoch, options: { renditions: this.#renditions, ...timing, ...options } });
    this.#frames.clear();
    for (const options of this.#renditions) {
      const rendition = this.#rendition(options.id);
      if (!rendition.isText) rendition.setInit(init(options));
      begin?.(rendition);
    }
  }

  #rendition(id: string): Rendition {
    return this.#playlists.get(this.#stream).rendition(id);
  }

  #publish(n: number): void {
    const { produce, endAtMs, resume, everyMs = 200, stretch = 1 } = this.#script;
    const ranMs = this.#clock.now() - this.#startMs;
    if (endAtMs !== undefined && ranMs >= endAtMs * stretch) {
      for (const { id } of this.#renditions) this.#rendition(id).end();
      return;
    }
    if (resume?.at === n) this.#open(resume.epoch);
    for (const { id } of this.#renditions) this.#produce(n, this.#rendition(id), produce?.(n, id) ?? {});
    // By the schedule, so that no timer's lateness adds up.
    this.#cancelTimer = this.#clock.after(Math.max(0, (n + 1) * everyMs * stretch - ranMs), () => this.#publish(n + 1));
  }

  #produce(n: number, rendition: Rendition, produced: Produced): void {
    const { gap, silent = false, count = 1, leap = 0, encrypt = (bytes) => bytes, after } = produced;
    const { id, kind } = rendition.options;
    const frames = (produced.frames ?? 6) * (this.#script.stretch ?? 1);
    const durationMs = (frames * 1000) / FRAME_RATE;
    for (let late = silent ? -1 : count - 1; late >= 0; late--) {
      const firstFrame = (this.#frames.get(id) ?? 0) + (late === count - 1 ? leap : 0);
      this.#frames.set(id, firstFrame + frames);
      if (gap === true) rendition.addGap(durationMs);
      else {
        const { independent = (n - late) % 5 === 0, audio = false } = produced;
        const bytes = mediaOf(kind, { sequenceNumber: n - late + 1, firstFrame, frames, independent, audio });
        const programDateTimeMs = this.#clock.wallMs() - (late + 1) * durationMs;
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
