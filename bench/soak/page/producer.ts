import { type Publisher, type Relay, RelayError } from "eddy-hls";
import { type SyntheticMedia, synthesize } from "../../../src/testing/media/synthetic-media.ts";
import { SEGMENT_MIN_MS, type SoakStream, TARGET_DURATION_MS } from "../plan.ts";

export interface ProducerOptions {
  readonly stream: SoakStream;
  /** Wall clock of part 0. Numbers of parts follow it through every restart, so that none is used twice. */
  readonly originMs: number;
}

/** A part that the worker has acknowledged. */
export interface Acknowledged {
  readonly rendition: string;
  readonly n: number;
  readonly msn: number;
}

export type ProducerFault = "gap" | "discontinuity" | "init" | "stall";

/** Publishing begins anew where it is behind by more: the machine, or the page, stood still. */
const MAX_BEHIND_MS = 5_000;
const STALL_MS = 6_000;
/** Of acknowledgements that nobody has come for. */
const MAX_ACKNOWLEDGED = 100_000;
/** Until the worker has been there for a while again. */
const REOPEN_AFTER_MS = 2_000;

/** Publishes one stream in real time, and keeps account of what the worker has said of it. */
export class Producer {
  readonly #relay: Relay;
  readonly #options: ProducerOptions;
  readonly #media: SyntheticMedia;
  #publisher: Publisher;
  #acknowledged: Acknowledged[] = [];
  /** Parts that were refused, or a publisher that was lost. None of it is to happen. */
  #faults: string[] = [];
  #published = 0;
  #fault: ProducerFault | undefined;
  #isEnding = false;
  readonly #running: Promise<void>;

  private constructor(relay: Relay, options: ProducerOptions, media: SyntheticMedia, publisher: Publisher) {
    this.#relay = relay;
    this.#options = options;
    this.#media = media;
    this.#publisher = publisher;
    this.#running = this.#run();
  }

  static async start(relay: Relay, options: ProducerOptions): Promise<Producer> {
    const media = await synthesize(options.stream.media);
    return new Producer(relay, options, media, await open(relay, options.stream, media));
  }

  /** What has happened since the last time. */
  take() {
    const taken = {
      acknowledged: this.#acknowledged,
      faults: this.#faults,
      published: this.#published,
      reopened: this.#publisher.reopened,
    };
    this.#acknowledged = [];
    this.#faults = [];
    return taken;
  }

  /** Goes wrong once, soon. */
  break(fault: ProducerFault): void {
    this.#fault = fault;
  }

  /** Ends the stream. Resolves when the worker has all of it. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
    await this.#publisher.end();
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      try {
        await this.#publish();
      } catch (error) {
        this.#faults.push(`${this.#options.stream.name}: ${describe(error)}`);
        await wait(REOPEN_AFTER_MS);
        try {
          this.#publisher = await open(this.#relay, this.#options.stream, this.#media);
        } catch (again) {
          this.#faults.push(`${this.#options.stream.name}, opened again: ${describe(again)}`);
        }
      }
    }
  }

  /** From the next key frame on, until the producer is to go wrong, to end, or has fallen behind. */
  async #publish(): Promise<void> {
    const { stream, originMs } = this.#options;
    const { keyFrameMs } = this.#media;
    const partMs = this.#media.partMs(stream.partTargetMs);
    const first = Math.round((Math.ceil((Date.now() - originMs) / keyFrameMs) * keyFrameMs) / partMs);
    for (const { id, kind } of this.#media.renditions) {
      if (kind !== "subtitles") await this.#publisher.init(id, this.#media.init(id));
    }
    for (let n = first; !this.#isEnding; n++) {
      const dueMs = originMs + (n + 1) * partMs - Date.now();
      if (dueMs < -MAX_BEHIND_MS) {
        await this.#breakOff();
        return;
      }
      if (dueMs > 0) await wait(dueMs);
      const fault = this.#fault;
      this.#fault = undefined;
      if (fault === "stall") await wait(STALL_MS);
      if (fault === "discontinuity") await Promise.all(this.#ids.map((id) => this.#publisher.discontinuity(id)));
      if (fault === "init" || fault === "stall") {
        await this.#breakOff();
        return;
      }
      await Promise.all(this.#ids.map((id) => this.#part(id, n, fault === "gap")));
    }
  }

  /** A new timeline, and with it the init segment anew, at the next key frame. */
  async #breakOff(): Promise<void> {
    await Promise.all(this.#ids.map((id) => this.#publisher.discontinuity(id)));
  }

  async #part(id: string, n: number, isGap: boolean): Promise<void> {
    const { stream, originMs } = this.#options;
    const { startMs, ...part } = this.#media.part(id, n, stream.partTargetMs);
    if (isGap) {
      await this.#publisher.gap(id, { durationMs: part.durationMs });
      return;
    }
    const { msn } = await this.#publisher.part(id, { ...part, programDateTimeMs: originMs + startMs });
    this.#published += 1;
    if (this.#acknowledged.length < MAX_ACKNOWLEDGED) this.#acknowledged.push({ rendition: id, n, msn });
  }

  get #ids(): readonly string[] {
    return this.#media.renditions.map(({ id }) => id);
  }
}

async function open(relay: Relay, stream: SoakStream, media: SyntheticMedia): Promise<Publisher> {
  return relay.publish(stream.name, {
    renditions: media.renditions,
    partTargetMs: media.declaredPartTargetMs(stream.partTargetMs),
    targetDurationMs: TARGET_DURATION_MS,
    segmentMinMs: SEGMENT_MIN_MS,
    ...stream.options,
  });
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function describe(error: unknown): string {
  const { code, message } = RelayError.from(error);
  return `${code}: ${message}`;
}
