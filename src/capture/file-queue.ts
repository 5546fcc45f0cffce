import { VideoSampleSink } from "mediabunny";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { Feed, FeedContext, OpenFeed } from "./feed.ts";
import { encodedFrameRate, encodedSize } from "./file-decision.ts";
import { type InspectedFile, type InspectedVideo, inspectFile, unsupported } from "./file-inspect.ts";
import { FilePlay, upright } from "./file-play.ts";
import { FrameFitter } from "./frame-fitter.ts";
import type { CaptureRequest, PlayingFile } from "./messages.ts";
import { FIRST_SLOT, type VideoSlot } from "./video-encoder.ts";

type FilesRequest = Extract<CaptureRequest, { kind: "files" }>;

/** What sound alone is shown in. */
const SOUND_ALONE = { width: 640, height: 360, frameRate: 25 };
const NEXT_DEADLINE_MS = 10_000;

/**
 * Files to be decoded one after the other, in the size of the first.
 * @throws RelayError as `openFile()` does, of the first one that cannot be opened
 */
export async function openFiles(
  request: FilesRequest,
  { audio, fromUs = 0 }: { readonly audio: boolean; readonly fromUs?: number },
  clock: Clock = systemClock,
): Promise<OpenFeed> {
  const [first] = request.files;
  if (first === undefined) throw new RelayError("invalid-option", "files: expected one at least, got none");
  const opened = await openDecodable(first.file, audio);
  const { file } = opened;
  const { video } = file;
  let picture = video && (await pictureAt(video, fromUs));
  const forget = (): void => {
    picture?.close();
    picture = undefined;
  };
  return {
    ...(video === undefined ? SOUND_ALONE : { ...encodedSize(video), frameRate: encodedFrameRate(video.scan) }),
    ...(file.audio?.config === undefined ? {} : { sampleRate: file.audio.config.sampleRate }),
    picture: (size) => picture && new FrameFitter(size).fit(picture, FIRST_SLOT),
    close: () => {
      forget();
      file.close();
    },
    start: (context) => {
      forget();
      return new FileQueue({ request, audio, file: opened, fromUs, context, clock });
    },
  };
}

/** The picture that a file begins with; undefined where it cannot be decoded. */
async function pictureAt({ track, scan }: InspectedVideo, fromUs: number): Promise<VideoFrame | undefined> {
  const sample = await new VideoSampleSink(track).getSample(Math.max(fromUs, scan.firstUs, 0) / 1e6).catch(() => null);
  try {
    return sample === null ? undefined : upright(sample);
  } finally {
    sample?.close();
  }
}

interface FileQueueOptions {
  readonly request: FilesRequest;
  readonly audio: boolean;
  /** The first, opened. */
  readonly file: OpenedFile;
  /** Where the first begins. */
  readonly fromUs: number;
  readonly context: FeedContext;
  readonly clock: Clock;
}

interface Queued {
  readonly index: number;
  readonly play: FilePlay;
}

/** Plays files one after the other without a pause between them: the next one is decoding when one ends. */
class FileQueue implements Feed {
  readonly driftMs = 0;
  readonly #options: FileQueueOptions;
  #current: Queued;
  #next: Queued | undefined;
  #preparing: Promise<void> | undefined;
  /** Files after the current one that were tried as the next. */
  #passed = 0;
  #skip: (() => void) | undefined;
  #failure: RelayError | undefined;
  #held = false;
  #stopped = false;
  #isOver = false;

  constructor(options: FileQueueOptions) {
    this.#options = options;
    this.#current = this.#play(0, options.file, options.fromUs);
    if (this.#count > 1) void this.#prepare();
  }

  get playing(): PlayingFile {
    const { index } = this.#current;
    return { index, count: this.#count, name: this.#nameOf(index) };
  }

  frame(slot: VideoSlot): VideoFrame | undefined {
    const { play } = this.#current;
    const picture = play.frame(slot);
    const next = this.#next;
    if (next?.play.isOver === true && !next.play.hasPicture) this.#leaveOut(next);
    if (this.#skip === undefined && !play.isOver) return picture;
    if (this.#next?.play.hasPicture === true) {
      picture?.close();
      return this.#advance(this.#next, slot);
    }
    // What follows may still be opening.
    if (this.#skip === undefined && this.#next === undefined && this.#preparing === undefined) this.#end();
    return picture;
  }

  sound(elapsedMs: number): void {
    this.#current.play.sound(elapsedMs);
  }

  hold(held: boolean): void {
    this.#held = held;
    this.#current.play.held = held;
  }

  async next(): Promise<void> {
    if (this.#next === undefined) this.#passed = 0;
    await this.#prepare();
    if (this.#next === undefined) await this.#prepare({ wraps: true });
    if (this.#next === undefined) throw this.#failure ?? new RelayError("closed", "the capture has ended");
    const { clock } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const cancel = clock.after(NEXT_DEADLINE_MS, () => {
        this.#skip = undefined;
        reject(this.#failure ?? new RelayError("deadline", "expected a picture of the next file in time, got none"));
      });
      this.#skip = () => {
        cancel();
        resolve();
      };
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#current.play.stop();
    this.#next?.play.stop();
    this.#next = undefined;
  }

  get #count(): number {
    return this.#options.request.files.length;
  }

  #play(index: number, { file, omitted }: OpenedFile, fromUs = 0): Queued {
    const { request, context } = this.#options;
    const loop = request.loop && this.#count === 1;
    if (omitted !== undefined) context.warn("unsupported-media", omitted);
    const play = new FilePlay({ file, name: this.#nameOf(index), loop, fromUs, context });
    return { index, play };
  }

  #advance(next: Queued, slot: VideoSlot): VideoFrame | undefined {
    const { index, play } = this.#current;
    const { failure } = play;
    if (failure !== undefined) this.#warn(failure.code, `${this.#nameOf(index)} broke off. ${failure.message}`);
    play.stop();
    this.#current = next;
    this.#next = undefined;
    this.#passed = 0;
    this.#skip?.();
    this.#skip = undefined;
    next.play.held = this.#held;
    if (this.#count > 1) void this.#prepare();
    return next.play.frame(slot);
  }

  /** Opens what follows, and lets it decode its first pictures. */
  #prepare({ wraps = this.#options.request.loop }: { readonly wraps?: boolean } = {}): Promise<void> {
    if (this.#next !== undefined) return Promise.resolve();
    this.#preparing ??= this.#openNext(wraps).finally(() => {
      this.#preparing = undefined;
    });
    return this.#preparing;
  }

  async #openNext(wraps: boolean): Promise<void> {
    const { request, audio } = this.#options;
    const last = wraps ? this.#count : this.#count - 1 - this.#current.index;
    while (this.#passed < last) {
      this.#passed++;
      const index = (this.#current.index + this.#passed) % this.#count;
      const queued = request.files[index];
      if (queued === undefined) break;
      try {
        const file = await openDecodable(queued.file, audio);
        if (this.#stopped) file.file.close();
        else this.#next = this.#play(index, file);
        return;
      } catch (thrown) {
        this.#leftOut(queued.name, RelayError.from(thrown));
      }
    }
  }

  /** It could be opened, and gives nothing to begin with: it was damaged throughout, or has been deleted since. */
  #leaveOut({ index, play }: Queued): void {
    this.#next = undefined;
    play.stop();
    const failure = play.failure ?? unsupported("None of its pictures could be decoded.");
    this.#leftOut(this.#nameOf(index), failure);
    void this.#prepare();
  }

  #leftOut(name: string, { code, message }: RelayError): void {
    this.#failure = new RelayError(code, `${name}: ${message}`);
    this.#warn(code, `${name} is left out. ${message}`);
  }

  #warn(code: RelayErrorCode, message: string): void {
    this.#options.context.warn(code, message);
  }

  #nameOf(index: number): string {
    return this.#options.request.files[index]?.name ?? "";
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.context.ended(this.#current.play.failure);
  }
}

interface OpenedFile {
  readonly file: InspectedFile;
  /** What of it is not played, for people. */
  readonly omitted?: string;
}

/** @throws RelayError `unsupported-media`, `source-lost` */
async function openDecodable(blob: Blob, withSound: boolean): Promise<OpenedFile> {
  const file = await inspectFile(blob, { audio: withSound });
  const { video, audio, ...rest } = file;
  if (video?.decodable === false || (video === undefined && audio?.decodable !== true)) {
    file.close();
    throw unsupported(`No browser codec takes it (${video?.codec ?? audio?.codec}).`);
  }
  if (audio?.decodable !== false) return { file };
  const omitted = `The sound is left out: no browser codec takes it (${audio.codec}).`;
  return { file: { ...rest, ...(video && { video }) }, omitted };
}
