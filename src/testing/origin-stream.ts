import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { seededRandom } from "../simulate/random.ts";
import { checkFaults } from "./check-faults.ts";
import { type FaultEvent, FaultScript, type MatchCounts } from "./fault-script.ts";
import { type SyntheticMedia, synthesize } from "./media/synthetic-media.ts";
import { MediaProducer, type ProducerSink } from "./media-producer.ts";
import type { AnsweredStream } from "./origin-answers.ts";
import type { OriginFault } from "./origin-fault.ts";
import type { OriginPlan } from "./origin-options.ts";
import { type ClockReading, PacedClock, timeAt } from "./paced-clock.ts";
import type { PlaylistFeatures } from "./rewrite-playlist.ts";

export interface OriginStreamContext {
  readonly plan: OriginPlan;
  readonly media: SyntheticMedia;
  /** Real time. */
  readonly clock: Clock;
  readonly sink: ProducerSink;
  readonly killWorker: () => Promise<void>;
  /** What those who answer go by has changed. */
  readonly changed: () => void;
}

/** What answers go by, as it can be sent to who gives them. */
export interface StreamState {
  readonly name: string;
  readonly faults: readonly OriginFault[];
  readonly counts: MatchCounts;
  readonly features: PlaylistFeatures;
  readonly seed: number;
  readonly clock: ClockReading;
}

/** Fault events that are remembered: the newest. */
const MAX_EVENTS = 20_000;

/** One stream where it is made: its clock, its producer, its faults, and what has become of them. */
export class OriginStream {
  readonly plan: OriginPlan;
  readonly clock: PacedClock;
  readonly startedAtMs: number;
  readonly #context: OriginStreamContext;
  readonly #producer: MediaProducer;
  readonly #script: FaultScript;
  #counts: MatchCounts = [];
  #events: FaultEvent[] = [];
  #failure: RelayError | undefined;
  /** Faults whose request has come: a worker that is ended may not have told that it counted it. */
  readonly #provoked = new Set<number>();

  constructor(context: OriginStreamContext) {
    const { plan, media, sink, killWorker } = context;
    this.plan = plan;
    this.#context = context;
    this.clock = new PacedClock(context.clock, plan.clock);
    // History is of before: with a clock in real time, what is live is dated now.
    this.startedAtMs = context.clock.wallMs() - plan.historyMs;
    this.#script = new FaultScript(plan.faults);
    const { clock, startedAtMs } = this;
    this.#producer = new MediaProducer({
      media,
      resized: (video) => synthesize({ ...plan.media, video }),
      clock: {
        now: () => clock.now(),
        wallMs: () => startedAtMs + clock.now(),
        after: (delayMs, callback) => clock.after(delayMs, callback),
      },
      partTargetMs: plan.partTargetMs,
      sink,
      befell: ({ index, fault }, atMs) => this.befell({ index, kind: fault.kind, atMs }),
      killWorker,
      failed: (error) => this.#fail(error),
    });
    this.#producer.schedule(this.#script.timed);
  }

  /** Publishes the history. */
  async start(): Promise<void> {
    this.clock.advance(this.plan.historyMs);
    await this.#kept(this.#producer.start());
    this.#context.changed();
  }

  /** Lets time pass at once; resolves when what was due in it has been published. @throws RelayError `invalid-option` */
  async advance(durationMs: number): Promise<void> {
    this.clock.advance(durationMs);
    this.#context.changed();
    await this.#kept(this.#producer.run());
  }

  /** Adds faults to the script; those without a time are from now on. @throws RelayError `invalid-option` */
  async addFaults(faults: readonly OriginFault[]): Promise<void> {
    const checked = checkFaults(faults, this.plan.world, this.#script.faults.length);
    const added = this.#script.add(checked, this.clock.now());
    const indexes = new Set(added.map(({ index }) => index));
    this.#producer.schedule(this.#script.timed.filter(({ index }) => indexes.has(index)));
    this.#context.changed();
    await this.#kept(this.#producer.run());
  }

  /** A request has come that a fault of the producer waited for. */
  provoke(index: number): void {
    const fault = this.#script.faults[index]?.fault;
    if (fault === undefined || this.#provoked.has(index)) return;
    this.#provoked.add(index);
    this.#producer.schedule([{ index, fault: { ...fault, atMs: this.clock.now() } }]);
    // No timer of a clock by hand goes off before somebody lets time pass.
    this.#producer.run().catch((error: unknown) => this.#fail(error));
  }

  /** Something has gone wrong on purpose. */
  befell(event: FaultEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events = this.#events.slice(-MAX_EVENTS / 2);
  }

  /** Why no more media comes, where it ought to. */
  get failure(): string | undefined {
    return this.#failure && `${this.#failure.code}: ${this.#failure.message}`;
  }

  get events(): readonly FaultEvent[] {
    return this.#events;
  }

  get frames(): MediaProducer["frames"] {
    return this.#producer.frames;
  }

  /** Who answers has counted so far. */
  set counts(counts: MatchCounts) {
    this.#counts = counts;
  }

  get state(): StreamState {
    const { name, features, seed } = this.plan;
    const faults = this.#script.faults.map(({ fault }) => fault);
    const spent = [...this.#provoked].map((index) => [`${index}`, 1] as const);
    const counts = [...new Map([...this.#counts, ...spent])];
    return { name, faults, counts, features, seed, clock: this.clock.reading };
  }

  /** For who answers in the same place. */
  get answered(): AnsweredStream {
    return {
      ...answeredStream(this.state, {
        script: this.#script,
        befell: (event) => this.befell(event),
        provoke: ({ index }) => this.provoke(index),
        reading: () => this.clock.reading,
        clock: this.#context.clock,
      }),
    };
  }

  stop(): void {
    this.#producer.stop();
    this.clock.stop();
  }

  #fail(error: unknown): void {
    this.#failure ??= RelayError.from(error);
  }

  /** Whoever waits for media is told why no more comes, and so is who only looks at the trace. @throws RelayError */
  async #kept(running: Promise<void>): Promise<void> {
    await running.catch((error: unknown) => this.#fail(error));
    if (this.#failure === undefined) return;
    this.#producer.stop();
    throw this.#failure;
  }
}

/** A stream as its answers need it. */
export function answeredStream(
  { features, seed }: StreamState,
  host: Pick<AnsweredStream, "script" | "befell" | "provoke"> & {
    readonly reading: () => ClockReading;
    readonly clock: Clock;
  },
): AnsweredStream {
  const { script, befell, provoke, reading, clock } = host;
  const now = (): number => timeAt(reading(), clock.wallMs());
  return {
    script,
    features,
    random: (what) => seededRandom(seed ^ hashOf(what)),
    now,
    untilMs(streamMs) {
      const { speed } = reading();
      // By hand, nobody knows.
      return speed === 0 ? Number.POSITIVE_INFINITY : Math.max(0, (streamMs - now()) / speed);
    },
    befell,
    provoke,
  };
}

/** FNV-1a, which spreads short texts well enough to draw by. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash;
}
