import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { probeAudioDecoder, SoundEncoder } from "./audio-encoder.ts";
import type { EncoderChoice } from "./encoder-choice.ts";
import {
  type OpenSource,
  type PacketSink,
  type RunningSource,
  type SourceOptions,
  type TrackDescription,
  wholeFramesMs,
} from "./source.ts";
import { probeVideoDecoder, VideoGrid, type VideoSlot } from "./video-encoder.ts";

/** The start of a live stream on both clocks: what is captured at `monotonicMs` has timestamp 0. */
interface StreamStart {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** What a live source does while it runs. */
interface LiveFeed {
  /** The picture of a slot; the caller closes it. Undefined only before the first one. */
  frame(slot: VideoSlot): VideoFrame | undefined;
  /** Called at every slot: encodes the sound that is due by now. */
  sound?(encoder: SoundEncoder, elapsedMs: number): void;
  readonly driftMs: number;
  stop(): void;
}

export interface LiveSourceOptions {
  readonly choice: EncoderChoice;
  readonly frameRate: number;
  readonly options: SourceOptions;
  /** A picture of the source, which is closed. Default: a black one. */
  readonly picture?: VideoFrame;
  /** Begins to give pictures and sound. */
  readonly feed: (start: StreamStart, sink: PacketSink) => LiveFeed;
  readonly clock?: Clock;
}

/** Figures of a source that encodes. */
export interface LiveStats {
  readonly encoded: number;
  readonly dropped: number;
  readonly queued: number;
  readonly driftMs: number;
}

export interface OpenLiveSource extends OpenSource {
  start(sink: PacketSink): RunningSource & { readonly stats: LiveStats };
}

/** Names the tracks of a live source by asking its encoders once, and runs them. @throws RelayError `encoder-failed` */
export async function openLive({
  choice,
  frameRate,
  options,
  picture,
  feed,
  clock = systemClock,
}: LiveSourceOptions): Promise<OpenLiveSource> {
  const { video, audio } = choice;
  if (video === undefined)
    throw new RelayError("unsupported-media", "expected a source with pictures, got sound alone");
  const tracks = [describeVideo(await probeVideoDecoder(video, picture), video, frameRate)];
  if (audio !== undefined) tracks.push(describeAudio(await probeAudioDecoder(audio), audio));
  const keyEveryFrames = Math.max(1, Math.round((options.targetDurationMs * frameRate) / 1000));
  return {
    tracks,
    partTargetMs: wholeFramesMs(options.partTargetMs, frameRate),
    targetDurationMs: options.targetDurationMs,
    start: (sink) => {
      const start = { monotonicMs: clock.now(), wallMs: clock.wallMs() };
      return new LiveRun({
        choice: { video, ...(audio && { audio }) },
        frameRate,
        keyEveryFrames,
        clock,
        sink,
        feed: feed(start, sink),
        tracks,
      });
    },
  };
}

interface LiveRunOptions {
  readonly choice: EncoderChoice & { readonly video: VideoEncoderConfig };
  readonly frameRate: number;
  readonly keyEveryFrames: number;
  readonly clock: Clock;
  readonly sink: PacketSink;
  readonly feed: LiveFeed;
  readonly tracks: readonly TrackDescription[];
}

class LiveRun implements RunningSource {
  readonly ended: Promise<void>;
  readonly #feed: LiveFeed;
  readonly #grid: VideoGrid;
  readonly #sound: SoundEncoder | undefined;
  #resolve: () => void = () => undefined;
  #reject: (error: RelayError) => void = () => undefined;
  #stopped = false;

  constructor({ choice, frameRate, keyEveryFrames, clock, sink, feed, tracks }: LiveRunOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#feed = feed;
    let current = tracks[0]?.decoderConfig as VideoDecoderConfig;
    const failing = {
      onRestart: (error: RelayError) => sink.warn(error.code, `${error.message}; started again`),
      onFailed: (error: RelayError) => this.#fail(error),
    };
    this.#sound =
      choice.audio &&
      new SoundEncoder({ config: choice.audio, onPacket: (packet) => sink.packet(packet), ...failing, clock });
    const sound = this.#sound;
    this.#grid = new VideoGrid({
      config: choice.video,
      frameRate,
      keyEveryFrames,
      clock,
      frameAt: (slot) => feed.frame(slot),
      onPacket: (packet) => sink.packet(packet),
      onConfig: (config) => {
        if (sameDecoder(config, current)) return;
        current = config;
        sink.reconfigure(describeVideo(config, choice.video, frameRate));
      },
      onSlot: (elapsedMs) => {
        if (sound !== undefined) feed.sound?.(sound, elapsedMs);
      },
      ...failing,
    });
    this.#grid.start();
  }

  get stats(): LiveStats {
    return { ...this.#grid.stats, driftMs: this.#feed.driftMs };
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#feed.stop();
    void Promise.all([this.#grid.stop(), this.#sound?.stop()]).then(this.#resolve);
  }

  #fail(error: RelayError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#feed.stop();
    void Promise.all([this.#grid.stop(), this.#sound?.stop()]).then(() => this.#reject(error));
  }
}

function describeVideo(
  decoderConfig: VideoDecoderConfig,
  config: VideoEncoderConfig,
  frameRate: number,
): TrackDescription {
  return {
    kind: "video",
    codec: decoderConfig.codec,
    decoderConfig,
    width: config.width,
    height: config.height,
    frameRate,
    bitrate: config.bitrate ?? 0,
  };
}

function describeAudio(decoderConfig: AudioDecoderConfig, config: AudioEncoderConfig): TrackDescription {
  return {
    kind: "audio",
    codec: decoderConfig.codec,
    decoderConfig,
    sampleRate: config.sampleRate,
    channels: config.numberOfChannels,
    bitrate: config.bitrate ?? 0,
  };
}

/** Whether two configurations give the same init segment. */
export function sameDecoder(a: VideoDecoderConfig, b: VideoDecoderConfig): boolean {
  return (
    a.codec === b.codec &&
    a.codedWidth === b.codedWidth &&
    a.codedHeight === b.codedHeight &&
    sameBytes(a.description, b.description)
  );
}

function sameBytes(a: AllowSharedBufferSource | undefined, b: AllowSharedBufferSource | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [left, right] = [bytesOf(a), bytesOf(b)];
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
