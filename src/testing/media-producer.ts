import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { ScriptedFault } from "./fault-script.ts";
import { FrameTimes } from "./frame-times.ts";
import type { SyntheticMedia, SyntheticSize } from "./media/synthetic-media.ts";
import type { ProducerFault } from "./origin-fault.ts";

/** Where a producer's media goes. */
export interface ProducerSink {
  init(rendition: string, bytes: Bytes): Promise<void>;
  part(rendition: string, part: SunkPart): Promise<void>;
  gap(rendition: string, durationMs: number): Promise<void>;
  discontinuity(rendition: string): Promise<void>;
  end(): Promise<void>;
  /** Begins again under the same name, live or ended. */
  restart(): Promise<void>;
}

export interface SunkPart {
  readonly bytes: Bytes;
  readonly durationMs: number;
  readonly independent: boolean;
  readonly programDateTimeMs: number;
}

export interface MediaProducerContext {
  readonly media: SyntheticMedia;
  /** Media of the same renditions whose pictures have other sizes. */
  readonly resized: (video: readonly SyntheticSize[]) => Promise<SyntheticMedia>;
  /** Time of the stream. */
  readonly clock: Clock;
  readonly partTargetMs: number;
  readonly sink: ProducerSink;
  /** A fault has come about. */
  readonly befell: (fault: ScriptedFault, atMs: number) => void;
  /** What is not for a producer: the worker ends. */
  readonly killWorker: () => Promise<void>;
  /** What nobody waits for has failed: no more media comes. */
  readonly failed: (error: unknown) => void;
}

type Scripted = ScriptedFault & { readonly fault: ProducerFault & { readonly atMs: number } };

/** Media leaps so far unless a fault says otherwise: past anything that was live. */
const LEAP_MS = 100_000;
/** Slack of sums of thirds. */
const EPSILON_MS = 1e-6;

/**
 * Publishes synthetic media as time goes, part by part, and lets go wrong what its script says. It acts on the time that things are due and not
 * on that of the timers that wake it, so that media and faults are the same at any pace.
 */
export class MediaProducer {
  readonly #context: MediaProducerContext;
  readonly frames: FrameTimes;
  #media: SyntheticMedia;
  #faults: Scripted[] = [];
  /** Number of the next part in the synthetic media. */
  #next = 0;
  /** When it is due. */
  #dueMs: number;
  #rate = 1;
  readonly #lost = new Map<string, number>();
  readonly #gaps = new Map<string, number>();
  /** What waits for the next key frame. */
  #atKeyFrame: Scripted[] = [];
  #heldUntilMs = 0;
  #isEnded = false;
  #isStopped = false;
  #running: Promise<void> = Promise.resolve();
  #cancelTimer = (): void => undefined;

  constructor(context: MediaProducerContext) {
    this.#context = context;
    this.#media = context.media;
    this.#dueMs = context.partTargetMs;
    this.frames = new FrameTimes();
    this.frames.from({ mediaMs: 0, atMs: 0, rate: 1 });
  }

  /** Init segments, and whatever is due by now. */
  async start(): Promise<void> {
    await this.#inits();
    await this.run();
  }

  /** Takes faults that have their time. */
  schedule(faults: readonly ScriptedFault[]): void {
    this.#faults = [...this.#faults, ...(faults as readonly Scripted[])].sort(
      (left, right) => left.fault.atMs - right.fault.atMs || left.index - right.index,
    );
    this.#setTimer();
  }

  /** Does what is due by now, in order; resolves when all of it has been taken. */
  run(): Promise<void> {
    this.#cancelTimer();
    const nowMs = this.#context.clock.now();
    const done = this.#running.then(() => this.#runTo(nowMs));
    // What the sink does not take once it will not take later: there is nothing to try again.
    this.#running = done.catch(() => this.stop());
    return done.finally(() => this.#setTimer());
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  async #runTo(nowMs: number): Promise<void> {
    while (!this.#isStopped) {
      const [fault] = this.#faults;
      const faultMs = fault?.fault.atMs ?? Number.POSITIVE_INFINITY;
      const partMs = this.#partMs;
      if (Math.min(faultMs, partMs) > nowMs + EPSILON_MS) return;
      // Of the two at one time the part is first: its media was made before.
      if (fault !== undefined && faultMs < partMs - EPSILON_MS) {
        this.#faults = this.#faults.slice(1);
        await this.#bringAbout(fault);
      } else await this.#publish();
    }
  }

  get #partMs(): number {
    return this.#isEnded ? Number.POSITIVE_INFINITY : Math.max(this.#dueMs, this.#heldUntilMs);
  }

  get #renditions(): readonly string[] {
    return this.#media.renditions.map(({ id }) => id);
  }

  async #publish(): Promise<void> {
    const { partTargetMs, sink } = this.#context;
    if (this.#isKeyFrame) await this.#changeOver();
    const number = this.#next;
    // A part is dated by when its first frame was made, however late it comes.
    const programDateTimeMs = this.#wallMs(this.#dueMs - partTargetMs / this.#rate);
    await Promise.all(
      this.#renditions.map(async (id) => {
        const { bytes, durationMs, independent } = this.#media.part(id, number, partTargetMs);
        if (took(this.#lost, id)) return;
        if (took(this.#gaps, id)) await sink.gap(id, durationMs);
        else await sink.part(id, { bytes, durationMs, independent, programDateTimeMs });
      }),
    );
    this.#next += 1;
    this.#dueMs += partTargetMs / this.#rate;
  }

  get #isKeyFrame(): boolean {
    const startMs = this.#next * this.#context.partTargetMs;
    const offMs = startMs % this.#media.keyFrameMs;
    return Math.min(offMs, this.#media.keyFrameMs - offMs) < 1e-3;
  }

  /** What had to wait for a key frame happens before it. */
  async #changeOver(): Promise<void> {
    const waiting = this.#atKeyFrame;
    this.#atKeyFrame = [];
    for (const { fault } of waiting) {
      if (fault.kind === "discontinuity") await this.#leap(fault.leapMs);
      if (fault.kind === "init-change") {
        this.#media = await this.#context.resized(fault.video);
        await this.#discontinuity();
        await this.#inits();
      }
    }
  }

  async #bringAbout(scripted: Scripted): Promise<void> {
    const { fault } = scripted;
    const { sink, killWorker, befell } = this.#context;
    befell(scripted, fault.atMs);
    switch (fault.kind) {
      case "stall":
        this.#stall(fault.atMs + fault.durationMs, fault.catchUp ?? true);
        return;
      case "part-lost":
        this.#miss(this.#lost, fault);
        return;
      case "gap":
        this.#miss(this.#gaps, fault);
        return;
      case "discontinuity":
      case "init-change":
        this.#atKeyFrame.push(scripted);
        return;
      case "clock-drift":
        this.#drift(scripted.index, fault);
        return;
      case "end":
        if (!this.#isEnded) await sink.end();
        this.#isEnded = true;
        return;
      case "restart":
        await sink.restart();
        this.#isEnded = false;
        this.#dueMs = Math.max(this.#dueMs, fault.atMs + this.#context.partTargetMs / this.#rate);
        await this.#inits();
        // A producer that has started anew knows nothing of the times before, and no frame is shown twice.
        await this.#leap(LEAP_MS, { toKeyFrame: true });
        return;
      case "worker-killed":
        await killWorker();
        return;
    }
  }

  #stall(untilMs: number, catchUp: boolean): void {
    if (catchUp) {
      this.#heldUntilMs = Math.max(this.#heldUntilMs, untilMs);
      return;
    }
    this.#dueMs = Math.max(this.#dueMs, untilMs + this.#context.partTargetMs / this.#rate);
    this.#noteTimes();
  }

  #miss(parts: Map<string, number>, { rendition, count = 1 }: { rendition?: string; count?: number }): void {
    for (const id of rendition === undefined ? this.#renditions : [rendition]) parts.set(id, count);
  }

  #drift(index: number, fault: Extract<ProducerFault, { kind: "clock-drift" }> & { readonly atMs: number }): void {
    const { partTargetMs } = this.#context;
    const startedMs = this.#dueMs - partTargetMs / this.#rate;
    this.#rate = fault.rate;
    this.#dueMs = Math.max(fault.atMs, startedMs + partTargetMs / this.#rate);
    this.#noteTimes();
    if (fault.durationMs === undefined) return;
    const over = { kind: "clock-drift", rate: 1, atMs: fault.atMs + fault.durationMs } as const;
    this.schedule([{ index, fault: over }]);
  }

  async #leap(leapMs = LEAP_MS, { toKeyFrame = false } = {}): Promise<void> {
    const { partTargetMs } = this.#context;
    this.#next += Math.round(leapMs / partTargetMs);
    while (toKeyFrame && !this.#isKeyFrame) this.#next += 1;
    this.#noteTimes();
    await this.#discontinuity();
  }

  async #discontinuity(): Promise<void> {
    await Promise.all(this.#renditions.map((id) => this.#context.sink.discontinuity(id)));
  }

  async #inits(): Promise<void> {
    const withInit = this.#media.renditions.filter(({ kind }) => kind !== "subtitles");
    await Promise.all(withInit.map(({ id }) => this.#context.sink.init(id, this.#media.init(id))));
  }

  /** From the next part on, frames are made at other times than those before. */
  #noteTimes(): void {
    const { partTargetMs } = this.#context;
    const atMs = this.#dueMs - partTargetMs / this.#rate;
    this.frames.from({ mediaMs: this.#next * partTargetMs, atMs, rate: this.#rate });
  }

  #wallMs(streamMs: number): number {
    const { clock } = this.#context;
    return clock.wallMs() - clock.now() + streamMs;
  }

  #setTimer(): void {
    this.#cancelTimer();
    if (this.#isStopped) return;
    const nextMs = Math.min(this.#partMs, this.#faults[0]?.fault.atMs ?? Number.POSITIVE_INFINITY);
    if (!Number.isFinite(nextMs)) return;
    const { clock, failed } = this.#context;
    this.#cancelTimer = clock.after(Math.max(0, nextMs - clock.now()), () => {
      this.run().catch(failed);
    });
  }
}

/** Whether one of those that are to be missed is taken by this. */
function took(parts: Map<string, number>, id: string): boolean {
  const left = parts.get(id) ?? 0;
  if (left > 0) parts.set(id, left - 1);
  return left > 0;
}
