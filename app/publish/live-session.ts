import { type Capture, type LivePublication, type Relay, requestMedia, type Seeding } from "eddy-hls";
import { type Explanation, explain, explainWarning, isAbort } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";
import { RateMeter } from "../kit/rate-meter.ts";
import { words } from "../words/words.ts";
import type { CaptureTap } from "./capture-tap.ts";
import { type Health, health } from "./health.ts";
import { captureSource, type PublishSettings } from "./publish-settings.ts";
import type { PublishStats } from "./publish-stats.ts";
import type { SourceChoice } from "./source-choice.ts";
import { mediaRequest } from "./source-preview.ts";

/** What a person has asked of a live stream and waits for. */
export type LiveTask = "mute" | "pause" | "switch" | "next" | "end";

export interface LiveSessionOptions {
  readonly settings: PublishSettings;
  readonly publication: LivePublication;
  readonly tap: CaptureTap;
  readonly relay: Relay;
  readonly onChanged: () => void;
  /** Something happened that is said once. */
  readonly onSaid: (sentence: string) => void;
  readonly onProblem: (explanation: Explanation, tone: "error" | "warning") => void;
}

const FIGURES_EVERY_MS = 1_000;
const RECENT_MS = 10_000;

/** A stream that is live: what can be done to it, and how it does. */
export class LiveSession {
  readonly name: string;
  readonly settings: PublishSettings;
  readonly capture: Capture;
  readonly tap: CaptureTap;
  readonly relay: Relay;
  source: SourceChoice;
  task: LiveTask | undefined;
  stats: PublishStats | undefined;
  readonly #options: LiveSessionOptions;
  readonly #publication: LivePublication;
  readonly #since = performance.now();
  readonly #bits = new RateMeter();
  readonly #dropped = new RateMeter(RECENT_MS);
  readonly #lost = new RateMeter(RECENT_MS);
  #mostViewers = 0;
  #tone: Health["tone"] = "good";

  constructor(options: LiveSessionOptions) {
    const { settings, publication, tap, relay } = options;
    this.name = settings.name;
    this.settings = settings;
    this.source = settings.source;
    this.capture = publication.capture;
    this.tap = tap;
    this.relay = relay;
    this.#options = options;
    this.#publication = publication;
  }

  get seeding(): Seeding | undefined {
    return this.#publication.publisher.seeding;
  }

  /** Whether there is sound that can be muted. */
  get hasSound(): boolean {
    return this.settings.source.audio;
  }

  /** A stream of sound alone has nothing that a slate or another source could take the place of. */
  get hasPicture(): boolean {
    return this.capture.rendition.width !== undefined;
  }

  get hasQueue(): boolean {
    return (this.capture.stats.playing?.count ?? 0) > 1;
  }

  /** Looks and listens until the stream is over; resolves then, rejects with what broke it. */
  async run(): Promise<void> {
    const over = new AbortController();
    const { signal } = over;
    const { onProblem } = this.#options;
    this.capture.addEventListener(
      "warning",
      ({ detail }) => onProblem(explainWarning(detail.code, detail.message), "warning"),
      { signal },
    );
    poll({ everyMs: FIGURES_EVERY_MS, signal }, async () => {
      this.#measure();
      this.#sayHealth();
      this.#options.onChanged();
    });
    try {
      await this.#publication.ended;
    } finally {
      over.abort();
      this.#measure();
    }
  }

  readonly toggleMuted = (): void => {
    const muted = !this.capture.muted;
    void this.#do("mute", async () => {
      await this.capture.setMuted(muted);
      this.#options.onSaid(muted ? words.publish.said.muted : words.publish.said.unmuted);
    });
  };

  readonly togglePaused = (): void => {
    const paused = !this.capture.paused;
    void this.#do("pause", async () => {
      await this.capture.setPaused(paused, { text: words.publish.slate });
      this.#options.onSaid(paused ? words.publish.said.paused : words.publish.said.resumed);
    });
  };

  readonly next = (): void => {
    void this.#do("next", () => this.capture.next());
  };

  /** Right after a click, where a screen has to be asked for. Whether it is on the air now. */
  async switchTo(choice: SourceChoice, granted: MediaStream | undefined): Promise<boolean> {
    const isSwitched = await this.#do("switch", async () => {
      const request = mediaRequest(choice);
      const stream = granted ?? (request && (await requestMedia(request, { audio: choice.audio })));
      await this.capture.switchSource(captureSource(choice, stream));
      this.source = choice;
      this.#options.onSaid(words.publish.said.switched(words.publish.sources[choice.kind].name));
    });
    // Nothing else has it then: nobody shall stay filmed for that.
    if (!isSwitched) for (const track of granted?.getTracks() ?? []) track.stop();
    return isSwitched;
  }

  /** How it went is told by `run()`. */
  end(): void {
    this.task = "end";
    this.#options.onChanged();
    this.#publication.stop().catch(() => undefined);
  }

  /** One after the other. What fails is said, and the stream goes on. */
  async #do(task: LiveTask, step: () => Promise<void>): Promise<boolean> {
    if (this.task !== undefined) return false;
    this.#set(task);
    try {
      await step();
      return true;
    } catch (thrown) {
      if (!isAbort(thrown) && !this.#isEnding()) this.#options.onProblem(explain(thrown), "error");
      return false;
    } finally {
      if (!this.#isEnding()) this.#set(undefined);
      this.#measure();
    }
  }

  #isEnding(): boolean {
    return this.task === "end";
  }

  #set(task: LiveTask | undefined): void {
    this.task = task;
    this.#options.onChanged();
  }

  /** Once, when it gets worse: the figures in the sentence change all the time. */
  #sayHealth(): void {
    if (this.stats === undefined || this.#isEnding()) return;
    const { tone, sentence } = health(this.stats);
    if (tone !== this.#tone && tone !== "good") this.#options.onSaid(sentence);
    this.#tone = tone;
  }

  #measure(): void {
    const now = performance.now();
    const { partsSent, bytesSent } = this.tap;
    const { droppedFrames, lostParts, framesPerSecond, load } = this.capture.stats;
    this.#bits.sample(now, bytesSent * 8);
    this.#dropped.sample(now, droppedFrames);
    this.#lost.sample(now, lostParts);
    const sent = this.seeding?.stats();
    this.#mostViewers = Math.max(this.#mostViewers, sent?.peers.length ?? 0);
    const recentS = Math.min(RECENT_MS, now - this.#since) / 1000;
    const droppedPerSecond = this.#dropped.perSecond;
    this.stats = {
      elapsedMs: now - this.#since,
      bitsPerSecond: this.#bits.perSecond,
      partsSent,
      bytesSent,
      droppedFrames,
      lostParts,
      unacknowledged: this.#publication.publisher.pending,
      framesPerSecond,
      load,
      isMuted: this.capture.muted,
      isPaused: this.capture.paused,
      recent: {
        lostParts: Math.round(this.#lost.perSecond * recentS),
        droppedFrames: Math.round(droppedPerSecond * recentS),
        droppedShare: droppedPerSecond === 0 ? 0 : droppedPerSecond / (droppedPerSecond + framesPerSecond),
      },
      ...(sent === undefined ? {} : { sent }),
      mostViewers: this.#mostViewers,
    };
  }
}
