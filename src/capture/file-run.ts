import { type AudioSample, AudioSampleSink } from "mediabunny";
import type { Clock } from "../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { OpenFeed } from "./feed.ts";
import { AvcSamples } from "./file-avc.ts";
import { AudioEncodeLane } from "./file-encode-lanes.ts";
import { soundEncoder } from "./file-encoders.ts";
import { channelsOf, decodeAudio } from "./file-frames.ts";
import type { InspectedFile } from "./file-inspect.ts";
import { type PacedLane, pace } from "./file-pacer.ts";
import { PacketReader, type ReadPacket } from "./file-packets.ts";
import { AudioPassLane, VideoPassLane } from "./file-pass-lanes.ts";
import type { AudioTrackPlan, FilePlan, VideoTrackPlan } from "./file-plan.ts";
import { SegmentKeys } from "./file-scan.ts";
import { opusPacketUs } from "./file-silence.ts";
import { LoopTimeline, PacketTimeline } from "./file-timeline.ts";
import type { SoundLevel } from "./level-meter.ts";
import { PacketMeter } from "./packet-meter.ts";
import { SoundLine } from "./sound-line.ts";
import type { PacketSink, RunningSource, SourceStats } from "./source.ts";

/** An index that promises this much more than there is makes a file a cut-off one. */
const CUT_OFF_US = 1_000_000;
const OPUS_RATE = 48_000;

export interface FileRunOptions {
  readonly file: InspectedFile;
  readonly plan: FilePlan;
  /** Decodes the same file, from this time of its own on. */
  readonly reopen: (fromUs: number) => Promise<OpenFeed>;
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly loop: boolean;
}

/** A file that plays: its pictures passed through, its sound passed through or encoded, on one timeline and in real time. */
export class FileRun implements RunningSource {
  readonly ended: Promise<void>;
  readonly #options: FileRunOptions;
  readonly #abort = new AbortController();
  readonly #timeline: LoopTimeline;
  readonly #lanes: PacedLane[] = [];
  readonly #encoders: { stop(): Promise<void> }[] = [];
  readonly #warned = new Set<string>();
  /** Sound that is encoded, or packets of it that pass. */
  #line: SoundLine | undefined;
  #meter: PacketMeter | undefined;
  #muted = false;
  #atUs = 0;
  #failure: RelayError | undefined;

  constructor(options: FileRunOptions) {
    this.#options = options;
    const { video, audio } = options.plan;
    const firstUs = video?.inspected.scan.firstUs ?? audio?.inspected.scan.firstUs ?? 0;
    // Video that is passed through shows its few frames of pre-roll; decoded media begin where the file says, and so does sound.
    const originUs = video?.plan.mode === "pass" ? firstUs : Math.max(0, firstUs);
    this.#timeline = new LoopTimeline(originUs, options.loop);
    this.ended = this.#run();
  }

  get muted(): boolean {
    return this.#muted;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#line !== undefined) this.#line.muted = muted;
  }

  readStats(): SourceStats {
    return { videos: [], levels: this.#line?.readSecond() ?? this.#meter?.readSecond() ?? [], driftMs: 0 };
  }

  readLevels(): readonly SoundLevel[] {
    return this.#line?.readMoment() ?? this.#meter?.readMoment() ?? [];
  }

  reopen(): Promise<OpenFeed> {
    return this.#options.reopen(this.#timeline.sourceUs(this.#atUs));
  }

  stop(): void {
    this.#abort.abort();
    for (const lane of this.#lanes) lane.close();
  }

  async #run(): Promise<void> {
    const { plan, sink, clock, file } = this.#options;
    try {
      for (const reason of plan.reasons.filter((sentence) => sentence.includes("left out")))
        sink.warn("unsupported-media", reason);
      const video = plan.video && this.#videoLane(plan.video);
      const audio = plan.audio && this.#audioLane(plan.audio);
      const leading = video ?? audio;
      if (leading === undefined) return;
      this.#lanes.push(leading, ...(video && audio ? [audio] : []));
      const following = video === undefined ? undefined : audio;
      await pace({
        leading,
        ...(following && { following }),
        ready: () => sink.ready(),
        clock,
        signal: this.#abort.signal,
        aheadMs: this.#aheadMs(),
      });
    } catch (thrown) {
      // Reading fails in its own ways once a file is closed under it.
      if (!this.#abort.signal.aborted) this.#failure ??= RelayError.from(thrown);
    } finally {
      for (const lane of this.#lanes) lane.close();
      await Promise.all(this.#encoders.map((encoder) => encoder.stop()));
      file.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Reordered frames are given by decode time, and so early that none comes after it should be shown. */
  #aheadMs(): number {
    const { video } = this.#options.plan;
    const reorderMs =
      video?.plan.mode === "pass" ? (video.inspected.scan.reorderDepth * video.inspected.scan.medianFrameUs) / 1000 : 0;
    return Math.min(250, 60 + reorderMs);
  }

  #videoLane({ inspected, plan }: VideoTrackPlan): PacedLane {
    const { scan, packets, config, codec } = inspected;
    const { sink, file } = this.#options;
    const readable = file.readable;
    const onFileEnd = (endUs: number): void => this.#checkEnd(endUs, inspected.endUs);
    const onDamage = (): void =>
      this.#warn("unsupported-media", "The file's video is damaged in places; they are cut out.");
    if (plan.mode === "pass") {
      const description = codec === "avc" ? config?.description : undefined;
      return new VideoPassLane({
        stream: new PacketReader({ sink: packets, readable, onDamage }),
        timeline: this.#timeline,
        put: (packet) => {
          this.#atUs = packet.timestampUs;
          sink.packet(packet);
        },
        reorderDepth: scan.reorderDepth,
        frameUs: scan.constant ? 1e6 / scan.frameRate : scan.medianFrameUs,
        constant: scan.constant,
        maxHoleUs: plan.partTargetMs * 1000,
        keys: new SegmentKeys(plan.minSegmentUs),
        ...(description && { avc: new AvcSamples(bytesOf(description)) }),
        onDamage,
        onFileEnd,
      });
    }
    throw new RelayError("internal", "expected a video that passes through");
  }

  #audioLane({ inspected, plan, silent }: AudioTrackPlan): PacedLane {
    const { scan, packets, track, config, codec } = inspected;
    const { sink, file } = this.#options;
    const readable = file.readable;
    const leads = this.#options.plan.video === undefined;
    const onFileEnd = leads ? (endUs: number): void => this.#checkEnd(endUs, inspected.endUs) : undefined;
    const onDamage = (): void =>
      this.#warn("unsupported-media", "The file's sound is damaged in places; they are left out.");
    const common = { timeline: this.#timeline, leads, ...(onFileEnd && { onFileEnd }) };
    if (plan.mode === "pass" && silent !== undefined) {
      this.#meter = config && new PacketMeter(config);
      if (this.#meter !== undefined) this.#encoders.push(this.#meter);
      const packetUs = exactPacketUs(codec, config?.sampleRate ?? OPUS_RATE, scan.packetUs);
      return new AudioPassLane({
        ...common,
        stream: new PacketReader({ sink: packets, fromUs: Math.max(0, scan.firstUs), readable, onDamage }),
        put: (packet) => {
          this.#meter?.add(packet);
          sink.packet(packet);
        },
        muted: () => this.#muted,
        packets: new PacketTimeline(packetUs),
        silent: { ...silent, durationUs: codec === "opus" ? silent.durationUs : packetUs },
        packetUs: codec === "opus" ? (packet: ReadPacket) => opusPacketUs(packet.bytes) ?? packetUs : () => packetUs,
      });
    }
    const encoderConfig = this.#options.plan.encoders.audio;
    if (encoderConfig === undefined) throw new RelayError("internal", "expected an audio encoder");
    const encoder = soundEncoder(encoderConfig, { sink, onFailed: (error) => this.#fail(error) });
    this.#encoders.push(encoder);
    const line = new SoundLine({
      sampleRate: encoderConfig.sampleRate,
      channels: encoderConfig.numberOfChannels,
      encode: (block, startFrame) => encoder.encode(block, startFrame),
    });
    line.muted = this.#muted;
    this.#line = line;
    return new AudioEncodeLane<AudioSample>({
      ...common,
      stream: decodeAudio(new AudioSampleSink(track), {
        packets,
        fromUs: Math.max(0, scan.firstUs),
        readable,
        onDamage,
      }),
      channelsOf,
      encoder: { encode: (block, startFrame) => line.put(block, startFrame) },
      sampleRate: encoderConfig.sampleRate,
      channels: encoderConfig.numberOfChannels,
    });
  }

  /** Compares where the leading track ended with what its index, or the file's header, promised. */
  #checkEnd(endUs: number, indexedUs: number): void {
    const { video, audio, promisedEndUs } = this.#options.file;
    const longestUs = Math.max(video?.endUs ?? 0, audio?.endUs ?? 0);
    const expectedUs = promisedEndUs - longestUs < CUT_OFF_US ? indexedUs : promisedEndUs;
    if (expectedUs - endUs < CUT_OFF_US) return;
    const [got, expected] = [endUs, expectedUs].map((us) => (us / 1e6).toFixed(1));
    this.#warn(
      "source-lost",
      `The file is cut off: it ends after ${got} of ${expected} seconds. What there is was published.`,
    );
  }

  /** Once for each sentence: a loop would say it in every round. */
  #warn(code: RelayErrorCode, message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.sink.warn(code, message);
  }

  #fail(error: RelayError): void {
    this.#failure ??= error;
    this.stop();
  }
}

/** What a packet lasts when it is decoded, not as a container rounds it: AAC has 1024 samples, or 960, or twice as many with SBR. */
function exactPacketUs(codec: string, sampleRate: number, seenUs: number): number {
  if (codec === "opus") return Math.max(2_500, Math.round(seenUs / 2_500) * 2_500);
  const lengths = [960, 1024, 1920, 2048].map((samples) => (samples * 1e6) / sampleRate);
  const nearest = lengths.reduce(
    (best, us) => (Math.abs(us - seenUs) < Math.abs(best - seenUs) ? us : best),
    lengths[1] ?? seenUs,
  );
  return Math.abs(nearest - seenUs) < seenUs * 0.04 ? nearest : seenUs;
}

function bytesOf(source: AllowSharedBufferSource): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
