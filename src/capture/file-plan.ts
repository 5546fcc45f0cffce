import { RelayError } from "../model/errors.ts";
import { probeAudioDecoder } from "./audio-encoder.ts";
import type { EncoderChoice, MediaProbes } from "./encoder-choice.ts";
import { chooseEncoders } from "./encoder-choice.ts";
import {
  type AudioPlan,
  audioPartTargetMs,
  decideAudio,
  decideVideo,
  type PlanOptions,
  type VideoPlan,
} from "./file-decision.ts";
import { type InspectedAudio, type InspectedFile, type InspectedVideo, unsupported } from "./file-inspect.ts";
import { type SilentPacket, silentPacket } from "./file-silence.ts";
import type { FileSourceOptions, TrackDescription } from "./source.ts";

/** The video, and what is done with it. */
export interface VideoTrackPlan {
  readonly inspected: InspectedVideo;
  readonly plan: Exclude<VideoPlan, { mode: "refuse" }>;
}
/** The sound, and what is done with it. */
export interface AudioTrackPlan {
  readonly inspected: InspectedAudio;
  readonly plan: Exclude<AudioPlan, { mode: "refuse" }>;
  readonly silent: SilentPacket | undefined;
}
/** What is done with a file. */
export interface FilePlan {
  readonly video?: VideoTrackPlan;
  readonly audio?: AudioTrackPlan;
  readonly encoders: EncoderChoice;
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
  readonly reasons: readonly string[];
}

const ENCODED_AUDIO_BITRATE = 128_000;
const OPUS_RATE = 48_000;

/**
 * Decides what is done with each track of a file.
 * @throws RelayError `unsupported-media` or `unsupported-browser`
 */
export async function planFile(
  file: InspectedFile,
  options: FileSourceOptions,
  probes: MediaProbes,
): Promise<FilePlan> {
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
  const config = audio?.plan.mode === "encode" ? audio.inspected.config : undefined;
  if (config === undefined) return {};
  const sound = { channels: Math.min(2, config.numberOfChannels), bitrate: ENCODED_AUDIO_BITRATE };
  let failure: unknown;
  for (const sampleRate of [config.sampleRate, OPUS_RATE]) {
    try {
      return await chooseEncoders({ audio: { ...sound, sampleRate } }, probes);
    } catch (thrown) {
      failure = thrown;
    }
  }
  if (video === undefined) throw failure;
  return {};
}

/** The tracks as they will be published, of a file whose pictures pass through. @throws RelayError `encoder-failed` */
export async function describeTracks({ video, audio, encoders }: FilePlan): Promise<TrackDescription[]> {
  const tracks: TrackDescription[] = [];
  if (video !== undefined) tracks.push(describeVideo(video));
  if (audio !== undefined) tracks.push(await describeAudio(audio, encoders));
  return tracks;
}

function describeVideo({ inspected }: VideoTrackPlan): TrackDescription {
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
    reorderDepth: scan.reorderDepth,
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
