import { type AudioSample, AudioSampleSink, VideoSampleSink } from "mediabunny";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import { probeAudioDecoder } from "./audio-encoder.ts";
import { browserProbes, chooseEncoders, type EncoderChoice, type MediaProbes } from "./encoder-choice.ts";
import { AvcSamples } from "./file-avc.ts";
import {
  type AudioPlan,
  audioPartTargetMs,
  decideAudio,
  decideVideo,
  type PlanOptions,
  type VideoPlan,
} from "./file-decision.ts";
import { AudioEncodeLane, VideoEncodeLane } from "./file-encode-lanes.ts";
import { soundEncoder, VideoSlots } from "./file-encoders.ts";
import { channelsOf, decodeAudio, decodeVideo } from "./file-frames.ts";
import {
  type InspectedAudio,
  type InspectedFile,
  type InspectedVideo,
  inspectFile,
  unsupported,
} from "./file-inspect.ts";
import { type PacedLane, pace } from "./file-pacer.ts";
import { PacketReader, type ReadPacket } from "./file-packets.ts";
import { AudioPassLane, VideoPassLane } from "./file-pass-lanes.ts";
import { SegmentKeys } from "./file-scan.ts";
import { opusPacketUs, type SilentPacket, silentPacket } from "./file-silence.ts";
import { LoopTimeline, PacketTimeline } from "./file-timeline.ts";
import type { FileSourceOptions, OpenSource, PacketSink, RunningSource, TrackDescription } from "./source.ts";
import { probeVideoDecoder, type VideoGridStats } from "./video-encoder.ts";

/** What a file needs of its surroundings; injected for tests. */
export interface FileHost {
  readonly probes: MediaProbes;
  readonly clock: Clock;
}

/** What is done with a file's tracks, and why. */
export interface FileTreatment {
  readonly video?: "pass" | "encode";
  readonly audio?: "pass" | "encode";
  /** Sentences, in English: why a track is encoded anew or left out. */
  readonly reasons: readonly string[];
}

export interface OpenFileSource extends OpenSource {
  readonly treatment: FileTreatment;
}

interface VideoTrackPlan {
  readonly inspected: InspectedVideo;
  readonly plan: Exclude<VideoPlan, { mode: "refuse" }>;
}
interface AudioTrackPlan {
  readonly inspected: InspectedAudio;
  readonly plan: Exclude<AudioPlan, { mode: "refuse" }>;
  readonly silent: SilentPacket | undefined;
}
interface FilePlan {
  readonly video?: VideoTrackPlan;
  readonly audio?: AudioTrackPlan;
  readonly encoders: EncoderChoice;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly reasons: readonly string[];
}

const browserHost: FileHost = { probes: browserProbes, clock: systemClock };
/** An index that promises this much more than there is makes a file a cut-off one. */
const CUT_OFF_US = 1_000_000;
const ENCODED_AUDIO_BITRATE = 128_000;
const OPUS_RATE = 48_000;

/**
 * Opens a media file for publishing in real time: looks at its index and first minute, and decides for each track whether its
 * packets can be passed through as they are or have to be decoded and encoded anew. The file is read as it plays.
 *
 * @throws RelayError `unsupported-media` with a sentence for people: no media, empty, encrypted, no duration, or a codec that
 * this browser neither plays nor decodes; `source-lost` when the file cannot be read; `unsupported-browser` or
 * `encoder-failed` when it has to be encoded and cannot be; and the reason of `options.signal`
 */
export async function openFile(
  file: Blob,
  options: FileSourceOptions,
  host: FileHost = browserHost,
): Promise<OpenFileSource> {
  const inspected = await inspectFile(file, {
    audio: options.audio !== false,
    ...(options.signal && { signal: options.signal }),
  });
  try {
    const plan = await planFile(inspected, options, host.probes);
    const tracks = await describeTracks(plan);
    options.signal?.throwIfAborted();
    return {
      tracks,
      partTargetMs: plan.partTargetMs,
      targetDurationMs: plan.targetDurationMs,
      treatment: {
        ...(plan.video && { video: plan.video.plan.mode }),
        ...(plan.audio && { audio: plan.audio.plan.mode }),
        reasons: plan.reasons,
      },
      start: (sink) =>
        new FileRun({ file: inspected, plan, tracks, sink, clock: host.clock, loop: options.loop === true }),
    };
  } catch (thrown) {
    inspected.close();
    throw thrown;
  }
}

async function planFile(file: InspectedFile, options: FileSourceOptions, probes: MediaProbes): Promise<FilePlan> {
  const asked: PlanOptions = {
    partTargetMs: options.partTargetMs,
    targetDurationMs: options.targetDurationMs,
  };
  const reasons: string[] = [];
  const video = file.video && planVideo(file.video, file.audio, { asked, probes, reasons });
  const audio = file.audio && planAudio(file.audio, { probes, reasons, alone: video === undefined });
  const encoders = await encodersFor({ video, audio }, probes);
  if (audio?.plan.mode === "encode" && encoders.audio === undefined) {
    if (video === undefined) throw unsupported(`This browser cannot encode sound, and ${audio.plan.reason}.`);
    reasons.push(`The sound is left out: this browser cannot encode it, and ${audio.plan.reason}.`);
  }
  const kept = audio?.plan.mode === "encode" && encoders.audio === undefined ? undefined : audio;
  const packetUs =
    encoders.audio === undefined
      ? file.audio?.scan.packetUs
      : encoders.audio.codec === "opus"
        ? 20_000
        : (1024 * 1e6) / encoders.audio.sampleRate;
  const alone = packetUs === undefined ? asked.partTargetMs : audioPartTargetMs(asked.partTargetMs, packetUs);
  return {
    ...(video && { video }),
    ...(kept && { audio: kept }),
    encoders,
    partTargetMs: video?.plan.partTargetMs ?? alone,
    targetDurationMs: video?.plan.targetDurationMs ?? asked.targetDurationMs,
    reasons,
  };
}

interface PlanContext {
  readonly probes: MediaProbes;
  readonly reasons: string[];
}

function planVideo(
  inspected: InspectedVideo,
  audio: InspectedAudio | undefined,
  { asked, probes, reasons }: PlanContext & { readonly asked: PlanOptions },
): VideoTrackPlan {
  const { config, codec, decodable } = inspected;
  const described = config !== undefined && (config.description !== undefined || (codec !== "avc" && codec !== "hevc"));
  const plan = decideVideo(
    {
      ...inspected,
      playable: described && probes.plays(`video/mp4; codecs="${config.codec}"`),
      transcodable: decodable,
      audioTailUs: audio === undefined ? 0 : audio.endUs - inspected.endUs,
    },
    asked,
  );
  if (plan.mode === "refuse") throw unsupported(`The file cannot be published: ${plan.reason}.`);
  if (plan.mode === "encode") reasons.push(`The picture is encoded anew: ${plan.reason}.`);
  return { inspected, plan };
}

function planAudio(
  inspected: InspectedAudio,
  { probes, reasons, alone }: PlanContext & { readonly alone: boolean },
): AudioTrackPlan | undefined {
  const { config, codec, decodable, scan } = inspected;
  const silent = config && silentPacket(codec, config, scan.packetUs);
  const described = config !== undefined && (config.description !== undefined || codec !== "aac");
  const plan = decideAudio({
    scan,
    codec,
    playable: described && probes.plays(`audio/mp4; codecs="${config.codec}"`),
    transcodable: decodable,
    silent: silent !== undefined,
  });
  if (plan.mode === "refuse") {
    if (alone) throw unsupported(`The file cannot be published: ${plan.reason}.`);
    reasons.push(`The sound is left out: ${plan.reason}.`);
    return undefined;
  }
  if (plan.mode === "encode") reasons.push(`The sound is encoded anew: ${plan.reason}.`);
  return { inspected, plan, silent };
}

async function encodersFor(
  { video, audio }: { readonly video: VideoTrackPlan | undefined; readonly audio: AudioTrackPlan | undefined },
  probes: MediaProbes,
): Promise<EncoderChoice> {
  const picture = video?.plan.mode === "encode" ? video.plan : undefined;
  const config = audio?.plan.mode === "encode" ? audio.inspected.config : undefined;
  if (picture === undefined && config === undefined) return {};
  const sound = config && { channels: Math.min(2, config.numberOfChannels), bitrate: ENCODED_AUDIO_BITRATE };
  const sampleRates = config === undefined ? [undefined] : [config.sampleRate, OPUS_RATE];
  let failure: unknown;
  for (const sampleRate of sampleRates) {
    try {
      const ask = {
        ...(picture && { video: picture }),
        ...(sound && sampleRate !== undefined && { audio: { ...sound, sampleRate } }),
      };
      const choice = await chooseEncoders(ask, probes);
      if (sound === undefined || choice.audio !== undefined) return choice;
      failure = choice;
    } catch (thrown) {
      failure = thrown;
    }
  }
  if (failure instanceof Error && (picture !== undefined || video === undefined)) throw failure;
  return failure instanceof Error || failure === undefined ? {} : (failure as EncoderChoice);
}

async function describeTracks({ video, audio, encoders }: FilePlan): Promise<TrackDescription[]> {
  const tracks: TrackDescription[] = [];
  if (video !== undefined) tracks.push(await describeVideo(video, encoders));
  if (audio !== undefined) tracks.push(await describeAudio(audio, encoders));
  return tracks;
}

async function describeVideo({ inspected, plan }: VideoTrackPlan, encoders: EncoderChoice): Promise<TrackDescription> {
  if (plan.mode === "encode") {
    const config = encoders.video;
    if (config === undefined) throw new RelayError("internal", "expected a video encoder for a video that is encoded");
    const decoderConfig = await probeVideoDecoder(config);
    const { width, height } = config;
    return {
      kind: "video",
      codec: decoderConfig.codec,
      decoderConfig,
      width,
      height,
      frameRate: plan.frameRate,
      bitrate: config.bitrate ?? 0,
    };
  }
  const { config, scan, rotation } = inspected;
  if (config === undefined)
    throw new RelayError("internal", "expected a decoder configuration for a video that is passed through");
  const { codedWidth: width, codedHeight: height } = config;
  return {
    kind: "video",
    codec: config.codec,
    decoderConfig: config,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    frameRate: Math.round(scan.frameRate * 1000) / 1000,
    rotation,
    bitrate: scan.bitrate,
    reorders: scan.reorderDepth > 0,
  };
}

async function describeAudio({ inspected, plan }: AudioTrackPlan, encoders: EncoderChoice): Promise<TrackDescription> {
  if (plan.mode === "encode") {
    const config = encoders.audio;
    if (config === undefined) throw new RelayError("internal", "expected an audio encoder for sound that is encoded");
    const decoderConfig = await probeAudioDecoder(config);
    const { sampleRate, numberOfChannels: channels } = config;
    return {
      kind: "audio",
      codec: decoderConfig.codec,
      decoderConfig,
      sampleRate,
      channels,
      bitrate: config.bitrate ?? 0,
    };
  }
  const { config, scan } = inspected;
  if (config === undefined)
    throw new RelayError("internal", "expected a decoder configuration for sound that is passed through");
  const { sampleRate, numberOfChannels: channels } = config;
  return { kind: "audio", codec: config.codec, decoderConfig: config, sampleRate, channels, bitrate: scan.bitrate };
}

interface FileRunOptions {
  readonly file: InspectedFile;
  readonly plan: FilePlan;
  readonly tracks: readonly TrackDescription[];
  readonly sink: PacketSink;
  readonly clock: Clock;
  readonly loop: boolean;
}

class FileRun implements RunningSource {
  readonly ended: Promise<void>;
  readonly #options: FileRunOptions;
  readonly #abort = new AbortController();
  readonly #timeline: LoopTimeline;
  readonly #lanes: PacedLane[] = [];
  readonly #encoders: { stop(): Promise<void> }[] = [];
  readonly #warned = new Set<string>();
  #slots: VideoSlots | undefined;
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

  get stats(): (VideoGridStats & { readonly driftMs: number }) | undefined {
    return this.#slots && { ...this.#slots.stats, driftMs: 0 };
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
    const { scan, packets, track, config, codec } = inspected;
    const { sink } = this.#options;
    const onFileEnd = (endUs: number): void => this.#checkEnd(endUs, inspected.endUs);
    const onDamage = (): void =>
      this.#warn("unsupported-media", "The file's video is damaged in places; they are cut out.");
    if (plan.mode === "pass") {
      const description = codec === "avc" ? config?.description : undefined;
      return new VideoPassLane({
        stream: new PacketReader({ sink: packets, onDamage }),
        timeline: this.#timeline,
        put: (packet) => sink.packet(packet),
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
    const encoderConfig = this.#options.plan.encoders.video;
    const description = this.#options.tracks[0];
    if (encoderConfig === undefined || description === undefined)
      throw new RelayError("internal", "expected a video encoder");
    const slots = new VideoSlots({
      config: encoderConfig,
      track: description,
      frameRate: plan.frameRate,
      targetDurationMs: plan.targetDurationMs,
      sink,
      onFailed: (error) => this.#fail(error),
    });
    this.#slots = slots;
    this.#encoders.push(slots);
    return new VideoEncodeLane({
      stream: decodeVideo(new VideoSampleSink(track), { packets, fromUs: Math.max(0, scan.firstUs), onDamage }),
      timeline: this.#timeline,
      frameRate: plan.frameRate,
      encoder: slots,
      holdUntilUs: Math.max(inspected.endUs, this.#options.plan.audio?.inspected.endUs ?? 0),
      onFileEnd,
    });
  }

  #audioLane({ inspected, plan, silent }: AudioTrackPlan): PacedLane {
    const { scan, packets, track, config, codec } = inspected;
    const { sink } = this.#options;
    const leads = this.#options.plan.video === undefined;
    const onFileEnd = leads ? (endUs: number): void => this.#checkEnd(endUs, inspected.endUs) : undefined;
    const onDamage = (): void =>
      this.#warn("unsupported-media", "The file's sound is damaged in places; they are left out.");
    const common = { timeline: this.#timeline, leads, ...(onFileEnd && { onFileEnd }) };
    if (plan.mode === "pass" && silent !== undefined) {
      const packetUs = exactPacketUs(codec, config?.sampleRate ?? OPUS_RATE, scan.packetUs);
      return new AudioPassLane({
        ...common,
        stream: new PacketReader({ sink: packets, fromUs: Math.max(0, scan.firstUs), onDamage }),
        put: (packet) => sink.packet(packet),
        packets: new PacketTimeline(packetUs),
        silent: { ...silent, durationUs: codec === "opus" ? silent.durationUs : packetUs },
        packetUs: codec === "opus" ? (packet: ReadPacket) => opusPacketUs(packet.bytes) ?? packetUs : () => packetUs,
      });
    }
    const encoderConfig = this.#options.plan.encoders.audio;
    if (encoderConfig === undefined) throw new RelayError("internal", "expected an audio encoder");
    const encoder = soundEncoder(encoderConfig, { sink, onFailed: (error) => this.#fail(error) });
    this.#encoders.push(encoder);
    return new AudioEncodeLane<AudioSample>({
      ...common,
      stream: decodeAudio(new AudioSampleSink(track), { packets, fromUs: Math.max(0, scan.firstUs), onDamage }),
      channelsOf,
      encoder,
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
