import { clips } from "../http/clip.ts";
import { createMatch, type HandlerOptions } from "../http/handler.ts";
import { TEST_AUDIO, TEST_VIDEO, testAudioPart, testInit, testPart, testVtt } from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import type { CacheOptions, StreamOptions } from "../model/options.ts";
import type { RenditionOptions } from "../model/rendition-options.ts";
import type { MemoryArchive } from "./archive.test-support.ts";
import { Playlists } from "./playlists.ts";
import { Recordings } from "./recordings.ts";
import type { Rendition } from "./rendition.ts";

export const VIDEO: RenditionOptions = { id: "hd", bandwidth: 1_000_000 };
export const ENGLISH: RenditionOptions = { id: "en", kind: "audio", bandwidth: 64_000, language: "en", default: true };
export const CAPTIONS: RenditionOptions = { id: "cc", kind: "subtitles", bandwidth: 1_000, language: "en" };

/** 200 ms parts, five to a segment. */
const TIMING = { partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 } as const;
export const START_MS = Date.UTC(2026, 4, 1, 12);

/** Part `n` of a rendition, counted from the start of the media. */
export function mediaPart(kind: RenditionOptions["kind"], n: number): Bytes {
  if (kind === "audio") return testAudioPart({ firstSample: n * 10 });
  if (kind === "subtitles") return testVtt(`cue ${n}`, n * 200);
  return testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0, audio: false });
}

/** A whole origin without a worker: one stream, fed and asked by hand. */
export class TestOrigin {
  playlists: Playlists;
  readonly options: StreamOptions;
  readonly #handler: HandlerOptions;
  readonly #cache: CacheOptions;
  readonly #archive: MemoryArchive | undefined;
  #epoch = "e1";

  constructor(
    options: Partial<StreamOptions> & Pick<StreamOptions, "renditions">,
    handler: HandlerOptions = {},
    cache: CacheOptions = {},
    archive?: MemoryArchive,
  ) {
    this.#cache = { numPlaylists: 16, ...cache };
    this.#archive = archive;
    this.playlists = this.#start();
    this.options = { ...TIMING, ...options };
    this.#handler = handler;
    this.open("e1");
  }

  /** A producer that opens the stream, the first one or one that comes back. */
  open(epoch: string, options = this.options): void {
    this.#epoch = epoch;
    this.playlists.open("studio", { options, epoch });
  }

  #start(): Playlists {
    return new Playlists(this.#cache, this.#archive === undefined ? {} : { recordings: new Recordings(this.#archive) });
  }

  /** As a worker that was terminated: what the archive has is all that is left. */
  restart(): void {
    this.playlists = this.#start();
    if (this.#archive !== undefined) this.playlists.restore(this.#archive.stored("studio"));
  }

  get epoch(): string {
    return this.#epoch;
  }

  rendition(id: string): Rendition {
    return this.playlists.get("studio").rendition(id);
  }

  setInit(id: string, bytes?: Bytes): void {
    const rendition = this.rendition(id);
    if (rendition.isText) return;
    const init = rendition.options.kind === "audio" ? testInit({ audio: TEST_AUDIO }) : testInit({ video: TEST_VIDEO });
    rendition.setInit(bytes ?? init);
  }

  setInits(): void {
    for (const { id } of this.options.renditions) this.setInit(id);
  }

  part(id: string, n: number): void {
    const rendition = this.rendition(id);
    rendition.addPart({
      bytes: mediaPart(rendition.options.kind, n),
      durationMs: 200,
      programDateTimeMs: START_MS + n * 200,
    });
  }

  /** Parts `from` up to `to` of every rendition, or of those named. */
  parts(from: number, to: number, ids = this.options.renditions.map(({ id }) => id)): void {
    for (let n = from; n < to; n++) for (const id of ids) this.part(id, n);
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    const response = createMatch(this.playlists, { clips: clips(), ...this.#handler })(
      new Request(`http://localhost/live/studio/${path}`, init),
    );
    if (response === undefined) throw new Error(`${path} was not taken`);
    return response;
  }

  async text(path: string): Promise<string> {
    return (await this.get(path)).text();
  }
}
