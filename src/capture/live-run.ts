import type { Clock } from "../model/clock.ts";
import type { RelayError } from "../model/errors.ts";
import { SoundEncoder } from "./audio-encoder.ts";
import type { OpenFeed, PictureSize } from "./feed.ts";
import type { SoundLevel } from "./level-meter.ts";
import { Mixer } from "./mixer.ts";
import { sameDecoder } from "./same-decoder.ts";
import { SoundLine } from "./sound-line.ts";
import type { LiveControl, PacketSink, RunningSource, SourceStats, TrackDescription } from "./source.ts";
import { VideoGrid } from "./video-encoder.ts";

export interface LiveVideo {
  readonly config: VideoEncoderConfig;
  readonly everyNth: number;
  readonly track: TrackDescription;
}

export interface LiveRunOptions {
  readonly feed: OpenFeed;
  readonly size: PictureSize;
  readonly frameRate: number;
  readonly keyEveryFrames: number;
  readonly videos: readonly LiveVideo[];
  readonly audio?: AudioEncoderConfig;
  readonly clock: Clock;
  readonly sink: PacketSink;
}

/** Encodes what is on the air: one grid of pictures in one size or several, and one line of sound. */
export class LiveRun implements RunningSource, LiveControl {
  readonly control: LiveControl = this;
  readonly ended: Promise<void>;
  readonly #mixer: Mixer;
  readonly #grid: VideoGrid;
  readonly #line: SoundLine | undefined;
  readonly #sound: SoundEncoder | undefined;
  #resolve: () => void = () => undefined;
  #reject: (error: RelayError) => void = () => undefined;
  #stopped = false;

  constructor({ feed, size, frameRate, keyEveryFrames, videos, audio, clock, sink }: LiveRunOptions) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const failing = {
      onRestart: (error: RelayError) => sink.warn(error.code, `${error.message}; started again`),
      onFailed: (error: RelayError) => this.#end(error),
    };
    const sound =
      audio && new SoundEncoder({ config: audio, onPacket: (packet) => sink.packet(packet), ...failing, clock });
    this.#sound = sound;
    this.#line =
      audio &&
      new SoundLine({
        sampleRate: audio.sampleRate,
        channels: audio.numberOfChannels,
        encode: (block, startFrame) => sound?.encode(block, startFrame),
      });
    const mixer = new Mixer(
      {
        size,
        frameRate,
        start: { monotonicMs: clock.now(), wallMs: clock.wallMs() },
        clock,
        line: this.#line,
        warn: (code, message) => sink.warn(code, message),
        ended: (error) => this.#end(error),
        onCut: () => this.#grid.wantKey(),
      },
      feed,
    );
    this.#mixer = mixer;
    this.#grid = new VideoGrid({
      outputs: videos.map(({ config, everyNth, track }, rendition) => {
        let current = track.decoderConfig as VideoDecoderConfig;
        return {
          config,
          everyNth,
          onPacket: (packet) => sink.packet({ ...packet, rendition }),
          onConfig: (decoderConfig) => {
            if (sameDecoder(decoderConfig, current)) return;
            current = decoderConfig;
            sink.reconfigure({ ...track, codec: decoderConfig.codec, decoderConfig }, rendition);
          },
        };
      }),
      frameRate,
      keyEveryFrames,
      clock,
      frameAt: (slot) => mixer.frame(slot),
      onSlot: (elapsedMs) => mixer.sound(elapsedMs),
      ...failing,
    });
    this.#grid.start();
  }

  get muted(): boolean {
    return this.#mixer.muted;
  }

  get paused(): boolean {
    return this.#mixer.paused;
  }

  readStats(): SourceStats {
    const loads = this.#grid.readLoads();
    const { playing, driftMs } = this.#mixer.feed;
    return {
      videos: this.#grid.stats.map((stats, index) => ({ ...stats, load: loads[index] ?? 0 })),
      levels: this.#line?.readSecond() ?? [],
      driftMs,
      ...(playing === undefined ? {} : { playing }),
    };
  }

  readLevels(): readonly SoundLevel[] {
    return this.#line?.readMoment() ?? [];
  }

  setMuted(muted: boolean): void {
    this.#mixer.setMuted(muted);
  }

  setPaused(paused: boolean, text: string): void {
    this.#mixer.setPaused(paused, text);
  }

  switchTo(feed: OpenFeed): Promise<void> {
    return this.#mixer.switchTo(feed);
  }

  next(): Promise<void> {
    return this.#mixer.next();
  }

  stop(): void {
    this.#end();
  }

  #end(error?: RelayError): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#mixer.stop();
    void Promise.all([this.#grid.stop(), this.#sound?.stop()]).then(() =>
      error === undefined ? this.#resolve() : this.#reject(error),
    );
  }
}
