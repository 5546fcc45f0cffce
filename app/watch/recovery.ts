/** What to do about a fatal error of the player. */
export type Remedy = "start-load" | "recover-media" | "reload-source" | "give-up";

export interface FatalError {
  /** hls.js `ErrorTypes`. */
  readonly type: string;
  /** hls.js `ErrorDetails`. */
  readonly details: string;
}

/** Tries in one window; more than this and trying on only hides the problem. */
const MAX_TRIES = 5;
const WINDOW_MS = 30_000;

/**
 * Chooses as the player's documentation says, a bounded number of times.
 * @see https://github.com/video-dev/hls.js/blob/master/docs/API.md#fifth-step-error-handling
 */
export class Recovery {
  readonly #now: () => number;
  #tries: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  next(error: FatalError): Remedy {
    const now = this.#now();
    this.#tries = this.#tries.filter((at) => now - at < WINDOW_MS);
    if (this.#tries.length >= MAX_TRIES) return "give-up";
    this.#tries.push(now);
    if (error.type === "mediaError") return "recover-media";
    if (error.type !== "networkError") return "reload-source";
    // Without a Multivariant Playlist there is nothing startLoad() could go on with.
    return error.details.startsWith("manifest") ? "reload-source" : "start-load";
  }

  /** Grows with each recent try, so that a source that is away for a moment is not asked in a rush. */
  get delayMs(): number {
    return Math.min(4_000, 250 * 2 ** Math.max(0, this.#tries.length - 1));
  }

  /** A person asked to try again. */
  reset(): void {
    this.#tries = [];
  }
}
