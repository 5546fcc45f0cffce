import { createMatch, type Match } from "../http/handler.ts";
import { RequestRecorder } from "../http/request-recorder.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { Playlists } from "../origin/playlists.ts";
import type { ProducerSink } from "./media-producer.ts";
import { OriginAnswers } from "./origin-answers.ts";
import type { OriginFault } from "./origin-fault.ts";
import { ORIGIN_CACHE, type OriginOptions, type OriginPlan, planOrigin } from "./origin-options.ts";
import { OriginStream } from "./origin-stream.ts";
import { type OriginTrace, RequestLog } from "./origin-trace.ts";

/** Where the origin stands. */
export interface TestOriginContext {
  /** Path that all URLs stand under, with a slash at both ends. Default `/live/`. */
  readonly base?: string;
  /** Real time. Default that of the machine. */
  readonly clock?: Clock;
}

/** The recorder forgets after 500 requests, and stops when nobody looks. */
const LOOK_EVERY_MS = 250;

/**
 * A live LL-HLS origin in this very thread, for a server, a worker or a test without a browser: synthetic media, real playlists, and what goes
 * wrong on command.
 *
 * @example
 * ```ts
 * const origin = await TestOrigin.start({ clock: "manual", faults: [{ kind: "gap", atMs: 8_000 }] });
 * await origin.advance(10_000);
 * const response = await origin.match(new Request("http://origin.test/live/test/main.m3u8"));
 * ```
 */
export class TestOrigin {
  readonly #stream: OriginStream;
  readonly #answers: OriginAnswers;
  readonly #recorder: RequestRecorder;
  readonly #log = new RequestLog();
  readonly #clock: Clock;
  #cancelLook = (): void => undefined;
  /** Path of the Multivariant Playlist. */
  readonly path: string;

  private constructor(
    stream: OriginStream,
    parts: { answers: OriginAnswers; recorder: RequestRecorder; clock: Clock; base: string },
  ) {
    this.#stream = stream;
    this.#answers = parts.answers;
    this.#recorder = parts.recorder;
    this.#clock = parts.clock;
    this.path = `${parts.base}${stream.plan.name}/main.m3u8`;
  }

  /** Resolves once its history can be played. @throws RelayError `invalid-option`, `invalid-name` */
  static async start(options: OriginOptions = {}, context: TestOriginContext = {}): Promise<TestOrigin> {
    const { base = "/live/", clock = systemClock } = context;
    const { plan, media } = await planOrigin(options, { hasWorker: false });
    const playlists = new Playlists(ORIGIN_CACHE, { clock });
    const recorder = new RequestRecorder({ clock, base, worker: crypto.randomUUID(), playlists: () => playlists });
    const stream = new OriginStream({
      plan,
      media,
      clock,
      sink: sinkInto(playlists, plan),
      killWorker: async () => undefined,
      changed: () => undefined,
    });
    const answered = stream.answered;
    const answers = new OriginAnswers({
      base,
      match: createMatch(playlists, { base, allowOrigin: "*" }),
      clock,
      recorder,
      stream: (name) => (name === plan.name ? answered : undefined),
    });
    const origin = new TestOrigin(stream, { answers, recorder, clock, base });
    await stream.start();
    origin.#look();
    return origin;
  }

  /** Answers a request; undefined where it is not under the base. */
  get match(): Match {
    return this.#answers.match;
  }

  /** Time of the stream, in ms since its start. */
  get nowMs(): number {
    return this.#stream.clock.now();
  }

  /** Lets time pass at once; resolves when the media of it is there. @throws RelayError `invalid-option` */
  advance(durationMs: number): Promise<void> {
    return this.#stream.advance(durationMs);
  }

  /** Adds faults; those without a time are from now on. @throws RelayError `invalid-option` */
  addFaults(...faults: readonly OriginFault[]): Promise<void> {
    return this.#stream.addFaults(faults);
  }

  /** What has happened so far. */
  trace(): OriginTrace {
    this.#take();
    const { plan, startedAtMs, events, frames, clock, failure } = this.#stream;
    return {
      stream: plan.name,
      startedAtMs,
      clock: clock.reading,
      requests: this.#log.of(plan.name),
      faults: [...events],
      frames: frames.spans,
      ...(failure === undefined ? {} : { failure }),
    };
  }

  /** No more media, and no more time. What is there can still be asked for. */
  stop(): void {
    this.#cancelLook();
    this.#stream.stop();
  }

  #look(): void {
    this.#take();
    this.#cancelLook = this.#clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  #take(): void {
    const { cursor, worker } = this.#log.last;
    this.#log.take(this.#recorder.trace(cursor, worker));
  }
}

/** Publishes right into the playlists, as the ingest of a worker does. */
function sinkInto(playlists: Playlists, { name, stream: options }: OriginPlan): ProducerSink {
  let epochs = 0;
  const open = (): void => {
    epochs += 1;
    playlists.open(name, { options, epoch: `e${epochs}` });
  };
  open();
  const rendition = (id: string) => playlists.get(name).rendition(id);
  return {
    init: async (id, bytes) => rendition(id).setInit(bytes),
    part: async (id, part) => void rendition(id).addPart(part),
    gap: async (id, durationMs) => void rendition(id).addGap(durationMs),
    discontinuity: async (id) => rendition(id).discontinuity(),
    end: async () => playlists.get(name).end(),
    restart: async () => open(),
  };
}
