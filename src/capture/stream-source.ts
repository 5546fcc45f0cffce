import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { askedStream } from "./asked-stream.ts";
import type { SoundBlock } from "./audio-encoder.ts";
import { AudioTimeline, type Placement } from "./audio-timeline.ts";
import { type FeedContext, type OpenFeed, silence } from "./feed.ts";
import { Resampler } from "./file-sound.ts";
import { FrameFitter } from "./frame-fitter.ts";
import type { CaptureRequest } from "./messages.ts";
import type { SoundLine } from "./sound-line.ts";
import { FIRST_SLOT } from "./video-encoder.ts";

type StreamRequest = Extract<CaptureRequest, { kind: "stream" }>;

/** A camera that shows nothing for this long is as good as none. */
const FIRST_FRAME_DEADLINE_MS = 10_000;
/** A microphone that is silent at first is not worth as much of a wait. */
const FIRST_SOUND_DEADLINE_MS = 2_000;
const MAX_FRAME_RATE = 60;
const DEFAULT_FRAME_RATE = 30;
/** Sound that has not come by then is replaced by silence: half of what a part waits for its sound. */
const SOUND_LATE_MS = 250;
/** After the sound's source is gone nothing more can come late. */
const SOUND_GONE_MS = 20;

/**
 * A camera or a screen, as streams of frames that the page handed over, or as ports that give frames when they are asked.
 * @throws RelayError `source-missing` when no picture comes
 */
export async function openStream(
  request: StreamRequest,
  { audio }: { readonly audio: boolean },
  clock: Clock = systemClock,
): Promise<OpenFeed> {
  const { name } = request;
  const pictures = new NewestFrame(framesOf(request.video, clock));
  const size = await pictures.firstSize(clock);
  if (size === undefined) {
    pictures.stop();
    throw new RelayError(
      "source-missing",
      `expected a picture of the ${name} within ${FIRST_FRAME_DEADLINE_MS / 1000} s, got none`,
    );
  }
  const given = audio ? request.audio : undefined;
  const sound = given && (await SoundInput.open(framesOf(given, clock), clock));
  const close = (): void => {
    pictures.stop();
    sound?.stop();
  };
  return {
    ...size,
    // 0 says that the track does not know.
    frameRate: Math.min(MAX_FRAME_RATE, Math.max(1, Math.round(request.frameRate || DEFAULT_FRAME_RATE))),
    ...(sound === undefined ? {} : { sampleRate: sound.sampleRate }),
    // No frame is left only when the source went away again since the first one.
    picture: (fitted) => pictures.newest && new FrameFitter(fitted).fit(pictures.newest, FIRST_SLOT),
    close,
    start: ({ size: fitted, line, start, warn }) => {
      const fitter = new FrameFitter(fitted);
      const track =
        sound === undefined || line === undefined
          ? undefined
          : new SoundTrack(sound, { startMs: start.monotonicMs, clock, warn, name, line });
      if (given !== undefined && sound === undefined) {
        const waited = FIRST_SOUND_DEADLINE_MS / 1000;
        warn("source-missing", `expected sound of the ${name} within ${waited} s, got none: the stream is silent`);
      }
      pictures.whenLost(() =>
        warn("source-lost", `the ${name} gives no more pictures: its last one stays, until something else is shown`),
      );
      return {
        get driftMs() {
          return track?.driftMs ?? 0;
        },
        frame: (slot) => pictures.newest && fitter.fit(pictures.newest, slot),
        sound: (elapsedMs) => (track === undefined ? silence(line, elapsedMs) : track.give(elapsedMs)),
        stop: close,
      };
    },
  };
}

function framesOf<Frame extends { close(): void }>(
  given: ReadableStream<Frame> | MessagePort,
  clock: Clock,
): ReadableStream<Frame> {
  return "getReader" in given ? given : askedStream(given, clock);
}

/** An input that can end by itself, also before anyone listens. */
class Losable {
  #lost = false;
  #listener: () => void = () => undefined;

  whenLost(listener: () => void): void {
    this.#listener = listener;
    if (this.#lost) listener();
  }

  protected lose(): void {
    this.#lost = true;
    this.#listener();
  }
}

/** The newest frame of a stream; every other is closed at once, since cameras have few buffers and stop when all are held. */
class NewestFrame extends Losable {
  readonly #reader: ReadableStreamDefaultReader<VideoFrame>;
  #newest: VideoFrame | undefined;
  #arrived: () => void = () => undefined;
  #stopped = false;

  constructor(stream: ReadableStream<VideoFrame>) {
    super();
    this.#reader = stream.getReader();
    void this.#read();
  }

  get newest(): VideoFrame | undefined {
    return this.#newest;
  }

  /** Even, as encoders want it. Undefined when no frame comes in time. */
  async firstSize(clock: Clock): Promise<{ readonly width: number; readonly height: number } | undefined> {
    if (this.#newest === undefined) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        clock.after(FIRST_FRAME_DEADLINE_MS, resolve);
      });
    }
    const first = this.#newest;
    return first && { width: first.displayWidth & ~1, height: first.displayHeight & ~1 };
  }

  stop(): void {
    this.#stopped = true;
    this.#newest?.close();
    this.#newest = undefined;
    void this.#reader.cancel().catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        if (this.#stopped) {
          value.close();
          continue;
        }
        this.#newest?.close();
        this.#newest = value;
        this.#arrived();
      }
    } catch {
      // A stream that fails is a source that is gone, as is one that ends.
    }
    this.#arrived();
    if (!this.#stopped) this.lose();
  }
}

/** A microphone before the stream starts: its format is known, and its sound is let go. */
class SoundInput extends Losable {
  onSound: (block: SoundBlock, sampleRate: number) => void = () => undefined;
  /** As it began: another device may take its place. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly #reader: ReadableStreamDefaultReader<AudioData>;
  #stopped = false;

  /** Undefined when no sound comes in time. */
  static async open(stream: ReadableStream<AudioData>, clock: Clock): Promise<SoundInput | undefined> {
    const reader = stream.getReader();
    const late = new Promise<undefined>((resolve) => clock.after(FIRST_SOUND_DEADLINE_MS, () => resolve(undefined)));
    const first = await Promise.race([reader.read().catch(() => undefined), late]);
    if (first?.value === undefined) {
      void reader.cancel().catch(() => undefined);
      return undefined;
    }
    const input = new SoundInput(reader, first.value);
    first.value.close();
    return input;
  }

  private constructor(reader: ReadableStreamDefaultReader<AudioData>, first: AudioData) {
    super();
    this.#reader = reader;
    this.sampleRate = first.sampleRate;
    this.channels = Math.min(2, first.numberOfChannels);
    void this.#read();
  }

  stop(): void {
    this.#stopped = true;
    void this.#reader.cancel().catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        if (!this.#stopped) this.onSound(this.#planes(value), value.sampleRate);
        value.close();
      }
    } catch {
      // As with pictures.
    }
    if (!this.#stopped) this.lose();
  }

  /** One plane for each channel of the track: of a block with fewer the last plane serves again. */
  #planes(data: AudioData): SoundBlock {
    return Array.from({ length: this.channels }, (_, channel) => {
      const plane = new Float32Array(data.numberOfFrames);
      data.copyTo(plane, { planeIndex: Math.min(channel, data.numberOfChannels - 1), format: "f32-planar" });
      return plane;
    });
  }
}

interface SoundTrackOptions {
  /** When the stream started, on the clock. */
  readonly startMs: number;
  readonly clock: Clock;
  readonly warn: FeedContext["warn"];
  readonly name: string;
  readonly line: SoundLine;
}

/** Blocks waiting for the next slot, at most: a second of the smallest. */
const MAX_PENDING = 400;

/** The sound of a device on the air: placed in time, completed by silence. */
class SoundTrack {
  readonly #line: SoundLine;
  readonly #pending: { readonly block: SoundBlock; readonly placement: Placement }[] = [];
  /** From the first time that it is asked for: what came before is not on the air. */
  #timeline: AudioTimeline | undefined;
  #lost = false;

  constructor(input: SoundInput, { startMs, clock, warn, name, line }: SoundTrackOptions) {
    this.#line = line;
    let fromRate = input.sampleRate;
    let resampler = new Resampler(fromRate, line.sampleRate);
    input.onSound = (planes, sampleRate) => {
      if (this.#timeline === undefined || this.#pending.length >= MAX_PENDING) return;
      // A headset was taken off, and what the browser goes on with has another rate.
      if (sampleRate !== fromRate) resampler = new Resampler(sampleRate, line.sampleRate);
      fromRate = sampleRate;
      const block = resampler.convert(planes);
      this.#pending.push({ block, placement: this.#timeline.admit(block[0]?.length ?? 0, clock.now() - startMs) });
    };
    input.whenLost(() => {
      this.#lost = true;
      warn("source-lost", `the ${name} gives no more sound: silence goes on, until something else is shown`);
    });
  }

  get driftMs(): number {
    return this.#timeline?.driftMs ?? 0;
  }

  give(elapsedMs: number): void {
    const line = this.#line;
    this.#timeline ??= new AudioTimeline({ sampleRate: line.sampleRate, startFrame: line.frames });
    for (const { block, placement } of this.#pending.splice(0)) {
      const { silenceFrames, dropFrames, startFrame } = placement;
      line.put(dropFrames === 0 ? block : block.map((plane) => plane.subarray(dropFrames)), startFrame + silenceFrames);
    }
    const due = this.#timeline.fill(elapsedMs, this.#lost ? SOUND_GONE_MS : SOUND_LATE_MS);
    if (due !== undefined) line.fillTo(due.startFrame + due.silenceFrames);
  }
}
