import type { StoredSegment } from "./stored-window.ts";

/** Twice what is shown, for dense screens. */
export const THUMBNAIL = { width: 320, height: 180 } as const;
/** Each is a quarter of a megabyte. */
const MAX_KEPT = 48;
/** A segment that does not come by then is not waited for. */
const DEADLINE_MS = 4_000;

/** A small picture of a moment. */
export type Thumbnail = HTMLCanvasElement | OffscreenCanvas;

/** How the key frame of a segment is made a picture of. Undefined where it has none. */
export type ReadThumbnail = (segment: StoredSegment, signal: AbortSignal) => Promise<Thumbnail | undefined>;

/**
 * Pictures of the moments one can go back to, made here from what is stored. One at a time is made: who moves on does not wait for the one
 * before. The ones that were used last are kept.
 */
export class Thumbnails {
  readonly #read: ReadThumbnail;
  readonly #kept = new Map<string, Thumbnail | undefined>();
  #reading: { readonly url: string; readonly stop: AbortController } | undefined;

  constructor(read: ReadThumbnail = readKeyFrame) {
    this.#read = read;
  }

  /** What is at hand; undefined where it has not been made, or cannot be. */
  peek({ url }: StoredSegment): Thumbnail | undefined {
    const found = this.#kept.get(url);
    if (found !== undefined) this.#keep(url, found);
    return found;
  }

  /** Whether that segment was tried, and shows nothing. */
  isBlank({ url }: StoredSegment): boolean {
    return this.#kept.has(url) && this.#kept.get(url) === undefined;
  }

  /** Makes the picture of a segment, and stops making the one before. Calls back once it is there. */
  async want(segment: StoredSegment, done: () => void): Promise<void> {
    const { url } = segment;
    if (this.#kept.has(url) || this.#reading?.url === url) return;
    this.stop();
    const stop = new AbortController();
    this.#reading = { url, stop };
    try {
      this.#keep(url, await this.#read(segment, AbortSignal.any([stop.signal, AbortSignal.timeout(DEADLINE_MS)])));
    } catch {
      // A moment without its picture is no trouble that anybody must hear of; one that was given up is tried again.
      if (!stop.signal.aborted) this.#keep(url, undefined);
    }
    if (this.#reading?.stop !== stop) return;
    this.#reading = undefined;
    done();
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#reading?.stop.abort();
    this.#reading = undefined;
  }

  #keep(url: string, thumbnail: Thumbnail | undefined): void {
    this.#kept.delete(url);
    this.#kept.set(url, thumbnail);
    const oldest = this.#kept.keys().next().value;
    if (this.#kept.size > MAX_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

async function readKeyFrame({ url, initUrl }: StoredSegment, signal: AbortSignal): Promise<Thumbnail | undefined> {
  // Loaded by the first who looks.
  const { BlobSource, CanvasSink, Input, MP4, MPEG_TS } = await import("mediabunny");
  const bytesOf = async (address: string): Promise<Blob> => {
    // What plays goes first.
    const response = await fetch(address, { signal, priority: "low" });
    if (!response.ok) throw new Error(`expected the segment, got ${response.status}`);
    return response.blob();
  };
  const pieces = await Promise.all([...(initUrl === undefined ? [] : [initUrl]), url].map(bytesOf));
  const input = new Input({ formats: [MP4, MPEG_TS], source: new BlobSource(new Blob(pieces)) });
  try {
    const track = await input.getPrimaryVideoTrack();
    if (track === null) return undefined;
    const sink = new CanvasSink(track, { ...THUMBNAIL, fit: "contain" });
    const startS = await track.getFirstTimestamp();
    signal.throwIfAborted();
    return (await sink.getCanvas(startS))?.canvas;
  } finally {
    input.dispose();
  }
}
