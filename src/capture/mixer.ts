import { RelayError } from "../model/errors.ts";
import type { Feed, FeedContext, OpenFeed } from "./feed.ts";
import { silence } from "./feed.ts";
import { SlatePicture } from "./slate-picture.ts";
import type { VideoSlot } from "./video-encoder.ts";

export type MixerContext = Omit<FeedContext, "ended"> & {
  /** The source that the stream began with has given all there is, or broke. */
  readonly ended: (error?: RelayError) => void;
  /** The picture that is asked for is the first of another source. */
  readonly onCut: () => void;
};

/** A source that was opened shows something within this, or is not worth switching to. */
const TAKE_OVER_DEADLINE_MS = 10_000;

interface Incoming {
  readonly feed: Feed;
  readonly onAir: () => void;
}

/** What is on the air: one feed, the next one as soon as it has a picture, or a slate. */
export class Mixer {
  readonly #context: MixerContext;
  #feed: Feed;
  /** The one that the stream began with: with it the stream ends. */
  #isFirst = true;
  #incoming: Incoming | undefined;
  #slate: SlatePicture | undefined;
  #muted = false;
  #stopped = false;

  constructor(context: MixerContext, first: OpenFeed) {
    this.#context = context;
    this.#feed = this.#start(first, () => this.#isFirst);
  }

  get feed(): Feed {
    return this.#feed;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get paused(): boolean {
    return this.#slate !== undefined;
  }

  /** The picture of a slot; the caller closes it. */
  frame(slot: VideoSlot): VideoFrame | undefined {
    const picture = this.#next(slot) ?? this.#feed.frame(slot);
    if (this.#slate === undefined) return picture;
    picture?.close();
    return this.#slate.frame(slot);
  }

  sound(elapsedMs: number): void {
    const { line } = this.#context;
    this.#feed.sound(elapsedMs);
    // A feed that waits gives none.
    if (this.paused) silence(line, elapsedMs);
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    this.#tellLine();
  }

  setPaused(paused: boolean, text: string): void {
    this.#slate = paused ? new SlatePicture(this.#context.size, text) : undefined;
    this.#tellLine();
    this.#feed.hold?.(paused);
  }

  /** Resolves when the feed's pictures are on the air. @throws RelayError `source-missing`, `closed`; the former one goes on */
  async switchTo(open: OpenFeed): Promise<void> {
    const { clock } = this.#context;
    if (this.#stopped) {
      open.close();
      throw new RelayError("closed", "the capture has ended");
    }
    if (this.#incoming !== undefined) {
      open.close();
      throw new RelayError("conflict", "expected one switch of sources at a time");
    }
    let failure: RelayError | undefined;
    const feed = this.#start(
      open,
      () => false,
      (error) => {
        failure = error;
      },
    );
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(TAKE_OVER_DEADLINE_MS, () => {
        this.#incoming = undefined;
        feed.stop();
        reject(
          failure ??
            new RelayError(
              "source-missing",
              `expected a picture of the source within ${TAKE_OVER_DEADLINE_MS / 1000} s, got none`,
            ),
        );
      });
      this.#incoming = {
        feed,
        onAir: () => {
          cancel();
          resolve();
        },
      };
    });
  }

  /** @throws RelayError `conflict` where nothing follows */
  async next(): Promise<void> {
    const { next } = this.#feed;
    if (next === undefined) throw new RelayError("conflict", "expected a queue of files to play, got another source");
    await next.call(this.#feed);
  }

  stop(): void {
    this.#stopped = true;
    this.#feed.stop();
    this.#incoming?.feed.stop();
  }

  /** The first picture of the feed that is to follow, which is on the air from then on. */
  #next(slot: VideoSlot): VideoFrame | undefined {
    const incoming = this.#incoming;
    const picture = incoming?.feed.frame(slot);
    if (incoming === undefined || picture === undefined) return undefined;
    this.#incoming = undefined;
    this.#isFirst = false;
    this.#feed.stop();
    this.#feed = incoming.feed;
    if (this.paused) this.#feed.hold?.(true);
    this.#context.onCut();
    incoming.onAir();
    return picture;
  }

  #start(open: OpenFeed, endsStream: () => boolean, onFailed: (error?: RelayError) => void = () => undefined): Feed {
    const { warn, ended } = this.#context;
    return open.start({
      ...this.#context,
      ended: (error) => {
        if (this.#stopped) return;
        if (endsStream()) ended(error);
        else if (error !== undefined) warn(error.code, `${error.message} Its last picture stays.`);
        else warn("source-lost", "The file has come to its end: its last picture stays until something else is shown.");
        onFailed(error);
      },
    });
  }

  #tellLine(): void {
    const { line } = this.#context;
    if (line !== undefined) line.muted = this.#muted || this.paused;
  }
}
