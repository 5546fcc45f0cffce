import { RelayError } from "../model/errors.ts";
import { givesPromptly } from "./prompt-probe.ts";

/** What this browser can do; injected, so that the order of preference is tested without one. */
export interface MediaProbes {
  video(config: VideoEncoderConfig): Promise<boolean>;
  audio(config: AudioEncoderConfig): Promise<boolean>;
  /** Whether the encoder gives a picture soon after it was given it. Asked once of H.264, of VP9 and of AV1. */
  prompt(config: VideoEncoderConfig): Promise<boolean>;
  /** Whether the same browser plays it; true where that cannot be asked. */
  plays(type: string): boolean;
}

export interface VideoAsk {
  readonly width: number;
  readonly height: number;
  readonly frameRate: number;
  /** Bits per second. Default: by size and frame rate. */
  readonly bitrate?: number;
}

export interface AudioAsk {
  readonly sampleRate: number;
  readonly channels: number;
  /** Bits per second. Default 96000. */
  readonly bitrate?: number;
}

export interface EncoderChoice {
  readonly video?: VideoEncoderConfig;
  readonly audio?: AudioEncoderConfig;
}

/** H.264 levels: macroblocks of a frame, macroblocks per second (ITU-T H.264, table A-1). */
const AVC_LEVELS = [
  [0x1e, 1_620, 40_500],
  [0x1f, 3_600, 108_000],
  [0x28, 8_192, 245_760],
  [0x2a, 8_704, 522_240],
  [0x33, 36_864, 983_040],
  [0x34, 36_864, 2_073_600],
] as const;
/** Constrained baseline is encoded cheapest and played everywhere; the others where an encoder has only those. */
const AVC_PROFILES = ["42e0", "4d00", "6400"];
/** VP9 and AV1 levels by luma samples per second (VP9 level definitions; AV1 A.3). */
const VP9_LEVELS = [
  [30, 20_736_000],
  [31, 36_864_000],
  [40, 83_558_400],
  [41, 160_432_128],
  [50, 311_951_360],
  [51, 588_251_136],
] as const;
const AV1_LEVELS = [
  [4, 24_969_600],
  [5, 39_938_400],
  [8, 77_856_768],
  [9, 155_713_536],
  [12, 273_715_200],
  [13, 547_430_400],
] as const;
/** Bits per pixel that a realtime encoder needs for a clean picture. */
const BITS_PER_PIXEL = 0.1;
const DEFAULT_AUDIO_BITRATE = 96_000;

/**
 * Picks the first pair of encoders that this browser has and plays back: H.264, then VP9, then AV1, with AAC beside H.264 and
 * else Opus. One that holds pictures back is taken where there is no other.
 * @throws RelayError `unsupported-browser` when there is no video encoder, or no audio encoder for audio alone
 */
export async function chooseEncoders(
  ask: { readonly video?: VideoAsk; readonly audio?: AudioAsk },
  probes: MediaProbes,
): Promise<EncoderChoice> {
  if (ask.video === undefined) {
    const audio = await chooseAudio(ask.audio, ["mp4a.40.2", "opus"], probes);
    if (audio !== undefined) return { audio };
    throw new RelayError("unsupported-browser", "expected an encoder for AAC or Opus, this browser has neither");
  }
  const video = await chooseVideo(ask.video, probes);
  if (video !== undefined) {
    const codecs = video.codec.startsWith("avc1") ? ["mp4a.40.2", "opus"] : ["opus"];
    const audio = await chooseAudio(ask.audio, codecs, probes);
    return { video, ...(audio === undefined ? {} : { audio }) };
  }
  const { width, height, frameRate } = ask.video;
  const size = `${width}x${height} at ${frameRate} Hz`;
  throw new RelayError(
    "unsupported-browser",
    `expected an encoder for H.264, VP9 or AV1 at ${size}, this browser has none`,
  );
}

async function chooseVideo(ask: VideoAsk, probes: MediaProbes): Promise<VideoEncoderConfig | undefined> {
  let late: VideoEncoderConfig | undefined;
  for (const config of videoConfigs(ask)) {
    const isAskedOf = late !== undefined && kindOf(late) === kindOf(config);
    if (isAskedOf || !probes.plays(`video/mp4; codecs="${config.codec}"`) || !(await probes.video(config))) continue;
    if (await probes.prompt(config)) return config;
    late ??= config;
  }
  return late;
}

/** `avc1`, `vp09` or `av01`. */
const kindOf = ({ codec }: VideoEncoderConfig): string => codec.slice(0, 4);

/** How an encoder behaves is in its nature, whatever the size: this is asked of each of the three kinds once. */
const prompts = new Map<string, Promise<boolean>>();

async function chooseAudio(
  ask: AudioAsk | undefined,
  codecs: readonly string[],
  probes: MediaProbes,
): Promise<AudioEncoderConfig | undefined> {
  if (ask === undefined) return undefined;
  for (const codec of codecs) {
    const config: AudioEncoderConfig = {
      codec,
      sampleRate: ask.sampleRate,
      numberOfChannels: ask.channels,
      bitrate: ask.bitrate ?? DEFAULT_AUDIO_BITRATE,
      ...(codec === "opus" ? {} : { aac: { format: "aac" as const } }),
    };
    if (probes.plays(`audio/mp4; codecs="${codec}"`) && (await probes.audio(config))) return config;
  }
  return undefined;
}

function videoConfigs({ width, height, frameRate, bitrate }: VideoAsk): VideoEncoderConfig[] {
  const common = {
    width,
    height,
    framerate: frameRate,
    bitrate: bitrate ?? Math.round(width * height * frameRate * BITS_PER_PIXEL),
    latencyMode: "realtime",
  } as const;
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16);
  const avcLevel =
    AVC_LEVELS.find(([, frame, second]) => macroblocks <= frame && macroblocks * frameRate <= second)?.[0] ?? 0x34;
  const samples = width * height * frameRate;
  const vp9Level = VP9_LEVELS.find(([, most]) => samples <= most)?.[0] ?? 60;
  const av1Level = AV1_LEVELS.find(([, most]) => samples <= most)?.[0] ?? 16;
  return [
    ...AVC_PROFILES.map((profile) => ({
      ...common,
      codec: `avc1.${profile}${avcLevel.toString(16)}`,
      avc: { format: "avc" as const },
    })),
    { ...common, codec: `vp09.00.${vp9Level}.08` },
    { ...common, codec: `av01.0.${String(av1Level).padStart(2, "0")}M.08` },
  ];
}

/** The probes of the worker this runs in. */
export const browserProbes: MediaProbes = {
  async video(config) {
    if (typeof VideoEncoder === "undefined") return false;
    return VideoEncoder.isConfigSupported(config).then(
      ({ supported }) => supported === true,
      () => false,
    );
  },
  async audio(config) {
    if (typeof AudioEncoder === "undefined") return false;
    return AudioEncoder.isConfigSupported(config).then(
      ({ supported }) => supported === true,
      () => false,
    );
  },
  prompt(config) {
    const kind = kindOf(config);
    const known = prompts.get(kind) ?? givesPromptly(config);
    prompts.set(kind, known);
    return known;
  },
  plays: (type) => mediaSource()?.isTypeSupported(type) ?? true,
};

/** Not every browser has Media Source Extensions in workers, nor does every lib. */
function mediaSource(): { isTypeSupported(type: string): boolean } | undefined {
  return (globalThis as { MediaSource?: { isTypeSupported(type: string): boolean } }).MediaSource;
}
