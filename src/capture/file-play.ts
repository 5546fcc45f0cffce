import { type AudioSample, AudioSampleSink, type VideoSample, VideoSampleSink } from "mediabunny";
import { RelayError } from "../model/errors.ts";
import { type FeedContext, silence } from "./feed.ts";
import { AudioEncodeLane, VideoEncodeLane } from "./file-encode-lanes.ts";
import { channelsOf, decodeAudio, decodeVideo } from "./file-frames.ts";
import { type InspectedFile, unsupported } from "./file-inspect.ts";
import { type PacedLane, pace } from "./file-pacer.ts";
import { FilePlayhead } from "./file-playhead.ts";
import { LoopTimeline } from "./file-timeline.ts";
import { FrameFitter } from "./frame-fitter.ts";
import { SlatePicture } from "./slate-picture.ts";
import type { VideoSlot } from "./video-encoder.ts";

export interface FilePlayOptions {
  readonly file: InspectedFile;
  readonly name: string;
  readonly loop: boolean;
  /** Where it begins, in its own time. Default: at its beginning. */
  readonly fromUs?: number;
  readonly context: Omit<FeedContext, "ended">;
}

/** One file, decoded into the pictures and sound of a stream, each in its time. Sound alone shows its name. */
export class FilePlay {
  readonly #options: FilePlayOptions;
  readonly #abort = new AbortController();
  readonly #playhead: FilePlayhead<VideoFrame>;
  readonly #fitter: FrameFitter;
  readonly #lanes: PacedLane[] = [];
  readonly #slate: SlatePicture | undefined;
  readonly #warned = new Set<string>();
  #failure: RelayError | undefined;

  constructor(options: FilePlayOptions) {
    this.#options = options;
    const { context, file, name } = options;
    this.#fitter = new FrameFitter(context.size);
    this.#playhead = new FilePlayhead({ frameRate: context.frameRate, isSoundAlone: file.video === undefined });
    if (file.video === undefined) this.#slate = new SlatePicture(context.size, name);
    void this.#run();
  }

  /** Whether all of it was on the air, or it broke. */
  get isOver(): boolean {
    return this.#failure !== undefined || this.#playhead.isOver;
  }

  get failure(): RelayError | undefined {
    return this.#failure;
  }

  get hasPicture(): boolean {
    return this.#slate !== undefined || this.#playhead.hasPicture;
  }

  set held(held: boolean) {
    this.#playhead.held = held;
  }

  /** The caller closes it. */
  frame(slot: VideoSlot): VideoFrame | undefined {
    const picture = this.#playhead.at(slot.index);
    return this.#slate === undefined ? picture && this.#fitter.fit(picture, slot) : this.#slate.frame(slot);
  }

  sound(elapsedMs: number): void {
    const { line } = this.#options.context;
    if (line === undefined) return;
    if (this.#options.file.audio === undefined) silence(line, elapsedMs);
    else {
      this.#playhead.give(line, elapsedMs);
      line.fillTo(line.framesAt(elapsedMs)); // a file that ends, or is slow
    }
  }

  stop(): void {
    this.#abort.abort();
    for (const lane of this.#lanes) lane.close();
    this.#playhead.close();
  }

  async #run(): Promise<void> {
    const { file, loop, context, fromUs = 0 } = this.#options;
    const playhead = this.#playhead;
    try {
      const firstUs = file.video?.scan.firstUs ?? file.audio?.scan.firstUs ?? 0;
      const timeline = new LoopTimeline(Math.max(fromUs, firstUs), loop, Math.max(0, firstUs));
      const video = this.#videoLane(timeline);
      const audio = this.#audioLane(timeline);
      const leading = video ?? audio;
      if (leading === undefined) return;
      this.#lanes.push(leading, ...(video && audio ? [audio] : []));
      await pace({
        leading,
        ...(video && audio && { following: audio }),
        ready: () => playhead.ready(),
        clock: context.clock,
        signal: this.#abort.signal,
        // Decoders are uneven, and the playhead puts everything in its time.
        aheadMs: 250,
      });
    } catch (thrown) {
      // Reading fails in its own ways once a file is closed under it.
      if (!this.#abort.signal.aborted) this.#failure = RelayError.from(thrown);
    } finally {
      playhead.finish();
      for (const lane of this.#lanes) lane.close();
      file.close();
    }
  }

  #videoLane(timeline: LoopTimeline): PacedLane | undefined {
    const { file, context } = this.#options;
    const { video, audio } = file;
    if (video === undefined) return undefined;
    const { packets, scan, track } = video;
    return new VideoEncodeLane<VideoSample>({
      stream: decodeVideo(new VideoSampleSink(track), {
        packets,
        fromUs: Math.max(0, scan.firstUs),
        startUs: this.#options.fromUs ?? 0,
        readable: file.readable,
        onDamage: () => this.#warn("The file's video is damaged in places; they are cut out."),
      }),
      timeline,
      frameRate: context.frameRate,
      encoder: { encode: (sample) => this.#playhead.encode(upright(sample)) },
      holdUntilUs: Math.max(video.endUs, audio?.endUs ?? 0),
      onFileEnd: (endUs) => {
        // Its sound would wait for ever for a picture to begin beside.
        if (endUs === 0) this.#failure ??= unsupported("None of its pictures could be decoded.");
      },
    });
  }

  #audioLane(timeline: LoopTimeline): PacedLane | undefined {
    const { file, context } = this.#options;
    const { video, audio } = file;
    const { line } = context;
    if (audio === undefined || line === undefined) return undefined;
    const { sampleRate, channels } = line;
    const { packets, scan, track } = audio;
    return new AudioEncodeLane<AudioSample>({
      stream: decodeAudio(new AudioSampleSink(track), {
        packets,
        fromUs: Math.max(0, scan.firstUs),
        startUs: this.#options.fromUs ?? 0,
        readable: file.readable,
        onDamage: () => this.#warn("The file's sound is damaged in places; they are left out."),
      }),
      timeline,
      leads: video === undefined,
      channelsOf,
      encoder: this.#playhead.sound(sampleRate),
      sampleRate,
      channels,
    });
  }

  /** Once for each sentence: a loop would say it in every round. */
  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.context.warn("unsupported-media", message);
  }
}

/** A frame that shows what the sample does. The sample itself knows how it is turned. */
export function upright(sample: VideoSample): VideoFrame {
  if (sample.rotation === 0 && !sample.flip) return sample.toVideoFrame();
  const canvas = new OffscreenCanvas(sample.displayWidth, sample.displayHeight);
  const context = canvas.getContext("2d", { alpha: false });
  if (context !== null) sample.draw(context, 0, 0, canvas.width, canvas.height);
  return new VideoFrame(canvas, { timestamp: Math.round(sample.timestamp * 1e6), alpha: "discard" });
}
