import type { Page } from "@playwright/test";
import { checkFaults, type FaultWorld } from "../check-faults.ts";
import type { OriginFault } from "../origin-fault.ts";
import type { OriginOptions } from "../origin-options.ts";
import type { OriginTrace } from "../origin-trace.ts";
import { PlaybackProbe, type ProbeOptions } from "./playback-probe.ts";

/** A stream where it is hosted. */
export interface HostedStream {
  readonly name: string;
  readonly url: string;
  readonly dvrUrl: string;
  nowMs(): Promise<number>;
  advance(durationMs: number): Promise<void>;
  addFaults(faults: readonly OriginFault[]): Promise<void>;
  trace(): Promise<OriginTrace>;
  stop(): Promise<void>;
}

export interface OriginHost {
  start(options: OriginOptions): Promise<HostedStream>;
  close(): Promise<void>;
}

/** A live stream of a test, which fails on command. */
export class LiveOrigin {
  readonly #stream: HostedStream;
  readonly #world: FaultWorld;
  /** Of the stream. */
  readonly name: string;
  /** The Multivariant Playlist: what the player under test is given. */
  readonly url: string;
  /** The same over all that is kept, where `dvr` says that something is. */
  readonly dvrUrl: string;

  /**
   * Use the fixture: `await liveOrigin.start()`.
   * @internal
   */
  constructor(stream: HostedStream, world: FaultWorld) {
    this.#stream = stream;
    this.#world = world;
    this.name = stream.name;
    this.url = stream.url;
    this.dvrUrl = stream.dvrUrl;
  }

  /** The stream's own time. */
  readonly clock = {
    /** In ms since its start, which was before the test by its history. */
    nowMs: (): Promise<number> => this.#stream.nowMs(),
    /**
     * Lets time pass at once, whatever the clock's pace; resolves when the media of it is there.
     * @throws RelayError `invalid-option`
     */
    advance: (durationMs: number): Promise<void> => this.#stream.advance(durationMs),
  };

  /** What goes wrong on purpose. */
  readonly faults = {
    /** Adds to the script; those without a time are from now on. @throws RelayError `invalid-option`: what was expected, and what came */
    add: async (...faults: readonly OriginFault[]): Promise<void> =>
      this.#stream.addFaults(checkFaults(faults, this.#world)),
  };

  /** What was asked, what went wrong, and when frames were made, up to now. */
  trace(): Promise<OriginTrace> {
    return this.#stream.trace();
  }

  /** Watches the video of a page from now on: positions, stalls, and how old the pictures are that it shows. */
  async watch(page: Page, options?: ProbeOptions): Promise<PlaybackProbe> {
    const probe = new PlaybackProbe(page, () => this.trace(), options);
    await probe.start();
    return probe;
  }

  /** No more media comes. What is there can still be asked for. */
  stop(): Promise<void> {
    return this.#stream.stop();
  }
}
