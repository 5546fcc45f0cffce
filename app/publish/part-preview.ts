type PartBytes = Uint8Array<ArrayBuffer>;

/** Parts that may wait for the decoder; past this the preview jumps on, since only the latest picture counts. */
const MAX_QUEUED = 8;
/** The preview starts with this much ahead, and falls back on no more than `MAX_BEHIND_S`. */
const START_AHEAD_S = 0.4;
const MAX_BEHIND_S = 3;
const KEEP_BEHIND_S = 10;

/**
 * Plays the very parts that are published, for sources that have no picture on this page: the test pattern and files.
 * Nothing depends on it: whatever goes wrong here ends the preview, and the stream goes on.
 */
export class PartPreview {
  readonly #video: HTMLVideoElement;
  readonly #onFailed: () => void;
  readonly #source = new MediaSource();
  readonly #queue: PartBytes[] = [];
  #buffer: SourceBuffer | undefined;
  #closed = false;

  constructor(
    video: HTMLVideoElement,
    options: { readonly codecs: string; readonly init: PartBytes; readonly onFailed: () => void },
  ) {
    this.#video = video;
    this.#onFailed = options.onFailed;
    this.#queue.push(options.init.slice());
    this.#source.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(video.src);
      this.#try(() => {
        this.#buffer = this.#source.addSourceBuffer(`video/mp4; codecs="${options.codecs}"`);
        this.#buffer.addEventListener("updateend", () => this.#next());
        this.#next();
      });
    });
    video.addEventListener("error", () => this.#fail());
    video.src = URL.createObjectURL(this.#source);
  }

  /** Takes a part, or a new init segment; keeps a copy, since the bytes belong to the publisher. */
  push(bytes: PartBytes): void {
    if (this.#closed) return;
    if (this.#queue.length >= MAX_QUEUED) {
      this.#fail();
      return;
    }
    this.#queue.push(bytes.slice());
    this.#next();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = 0;
    this.#video.removeAttribute("src");
    this.#video.load();
  }

  #next(): void {
    const buffer = this.#buffer;
    if (this.#closed || buffer === undefined || buffer.updating) return;
    this.#try(() => {
      if (this.#keepUp(buffer)) return;
      const bytes = this.#queue.shift();
      if (bytes !== undefined) buffer.appendBuffer(bytes);
    });
  }

  /** Starts, catches up, and lets go of the past; true while it is at that. */
  #keepUp(buffer: SourceBuffer): boolean {
    const video = this.#video;
    const { buffered } = buffer;
    if (buffered.length === 0) return false;
    const start = buffered.start(0);
    const end = buffered.end(buffered.length - 1);
    if (video.paused && end - start >= START_AHEAD_S) {
      video.currentTime = Math.max(start, end - START_AHEAD_S);
      // A page in the background may not start to play; the next part tries again.
      video.play().catch(() => undefined);
    } else if (end - video.currentTime > MAX_BEHIND_S) {
      video.currentTime = end - START_AHEAD_S;
    }
    if (video.currentTime - start > 2 * KEEP_BEHIND_S) {
      buffer.remove(start, video.currentTime - KEEP_BEHIND_S);
      return true;
    }
    return false;
  }

  #try(step: () => void): void {
    try {
      step();
    } catch {
      this.#fail();
    }
  }

  #fail(): void {
    if (this.#closed) return;
    this.close();
    this.#onFailed();
  }
}
