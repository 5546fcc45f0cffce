import { type AudioScan, longestSegmentUs, type VideoScan } from "./file-scan.ts";
import { wholeFramesMs } from "./source.ts";

/** What is known of a file's video track when it is decided what to do with it. */
export interface VideoFacts {
  readonly scan: VideoScan;
  /** Name of the codec, for people. */
  readonly codec: string;
  /** Media Source Extensions play it in MP4, and its configuration can be written into an init segment. */
  readonly playable: boolean;
  /** The browser decodes it and encodes something viewers play. */
  readonly transcodable: boolean;
  /** Presentation times of all key frames that were looked up, and where the track ends. */
  readonly keyTimesUs: readonly number[];
  readonly endUs: number;
  /** Shown size in square pixels, upright. */
  readonly width: number;
  readonly height: number;
  /** Mirrored by its track header. */
  readonly flipped: boolean;
  /** How much longer than the picture the sound lasts. */
  readonly audioTailUs: number;
}

export interface PlanOptions {
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
}

interface Targets {
  readonly partTargetMs: number;
  readonly targetDurationMs: number;
}

/** Packets as they are. */
export interface VideoPass extends Targets {
  readonly mode: "pass";
  /** Segments open at key frames at least this far apart. */
  readonly minSegmentUs: number;
}
/** Decoded and encoded anew, at a constant rate, turned upright. */
export interface VideoEncode extends Targets {
  readonly mode: "encode";
  readonly reason: string;
  readonly frameRate: number;
  readonly width: number;
  readonly height: number;
}
export interface Refusal {
  readonly mode: "refuse";
  readonly reason: string;
}

export type VideoPlan = VideoPass | VideoEncode | Refusal;
export type AudioPlan = { readonly mode: "pass" } | { readonly mode: "encode"; readonly reason: string } | Refusal;

/** Segments of a file that is passed through may get this long, for a viewer starts at a key frame. */
const MAX_KEY_SPACING_US = 4_000_000;
/** Rule 15: a part is at least 85 % of the part target, so the frame that did not fit any more may be 15 % of it. */
const FRAME_SHARE = 0.15;
const MAX_PART_TARGET_RAISE = 1.25;
/** Frames before the first shown one, up to this, are shown: an encoder's rounding, not a cut that somebody made. */
const MAX_SHOWN_PREROLL_US = 100_000;
/** Sound beyond the last picture, up to this, is left out. */
const MAX_AUDIO_TAIL_US = 500_000;
const MAX_LONG_SIDE = 1_280;
const MAX_SHORT_SIDE = 720;
/** What segments of a file may last beyond the target, being far less than half a second. */
const ROUNDING_MS = 100;
const MIN_FRAME_RATE = 10;
const MAX_FRAME_RATE = 60;
const USUAL_FRAME_RATES = [10, 15, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 48, 50, 60_000 / 1001, 60] as const;
/** A passed audio track is aligned in whole packets: half of one must be well under the 40 ms that lips allow. */
const MAX_PACKET_US = 66_000;

/** Whether a video track is passed through or encoded anew, and what its parts and segments need. */
export function decideVideo(facts: VideoFacts, options: PlanOptions): VideoPlan {
  const { scan } = facts;
  const obstacle = passObstacle(facts, options);
  if (obstacle === undefined) {
    const partTargetMs = passPartTargetMs(scan, options.partTargetMs) ?? options.partTargetMs;
    const { minSegmentUs, longestUs } = passSegments(facts, options);
    return {
      mode: "pass",
      partTargetMs,
      targetDurationMs: passTargetDurationMs(options.targetDurationMs, longestUs / 1000),
      minSegmentUs,
    };
  }
  if (!facts.transcodable) {
    return { mode: "refuse", reason: facts.playable ? obstacle : `no browser codec takes its video (${facts.codec})` };
  }
  const frameRate = encodedFrameRate(scan);
  return {
    mode: "encode",
    reason: obstacle,
    frameRate,
    ...encodedSize(facts),
    partTargetMs: wholeFramesMs(options.partTargetMs, frameRate),
    targetDurationMs: options.targetDurationMs,
  };
}

/** What is known of a file's audio track. */
export interface AudioFacts {
  readonly scan: AudioScan;
  readonly codec: string;
  readonly playable: boolean;
  readonly transcodable: boolean;
  /** A packet of silence is known, to fill gaps with. */
  readonly silent: boolean;
}

export function decideAudio(facts: AudioFacts): AudioPlan {
  const obstacle = audioObstacle(facts);
  if (obstacle === undefined) return { mode: "pass" };
  if (facts.transcodable) return { mode: "encode", reason: obstacle };
  return { mode: "refuse", reason: `no browser codec takes its sound (${facts.codec})` };
}

/** Part target of a stream that is audio only: whole packets. */
export function audioPartTargetMs(partTargetMs: number, packetUs: number): number {
  return wholeFramesMs(partTargetMs, 1e6 / packetUs);
}

function audioObstacle({ scan, codec, playable, silent }: AudioFacts): string | undefined {
  if (!playable) return `browsers do not play ${codec} in MP4`;
  if (!silent) return `${codec} has no packet of silence to fill gaps with`;
  if (scan.packetUs > MAX_PACKET_US) return `packets of ${Math.round(scan.packetUs / 1000)} ms are too long to align`;
  return undefined;
}

/** Why a video track cannot be passed through; `undefined` when it can. */
function passObstacle(facts: VideoFacts, options: PlanOptions): string | undefined {
  const { scan, keyTimesUs } = facts;
  if (!facts.playable) return `browsers do not play ${facts.codec} in MP4`;
  if (!scan.orderly) return "two frames share one time";
  if (scan.openGop) return "frames refer across key frames (open GOP)";
  if (facts.flipped) return "the picture is mirrored";
  const spacingUs = longestSegmentUs(keyTimesUs, facts.endUs, 0);
  if (spacingUs > MAX_KEY_SPACING_US) return `key frames are ${(spacingUs / 1e6).toFixed(1)} s apart`;
  if (scan.firstUs < -MAX_SHOWN_PREROLL_US) return "an edit list begins between key frames";
  if (facts.audioTailUs > MAX_AUDIO_TAIL_US) return "the sound goes on after the last picture";
  if (passPartTargetMs(scan, options.partTargetMs) === undefined) {
    return `a frame lasts ${Math.round(scan.longestFrameUs / 1000)} ms, too long for parts of ${options.partTargetMs} ms`;
  }
  return undefined;
}

/** The part target that lets these frames be cut within rules 14 and 15; `undefined` when none near the asked one does. */
function passPartTargetMs(scan: VideoScan, askedMs: number): number | undefined {
  if (scan.constant) return wholeFramesMs(askedMs, scan.frameRate);
  const neededMs = scan.longestFrameUs / 1000 / FRAME_SHARE;
  return neededMs <= askedMs * MAX_PART_TARGET_RAISE ? Math.ceil(Math.max(askedMs, neededMs)) : undefined;
}

/** Rule 4 rounds a segment to whole seconds, so the rounding of a container's clock does not cost another one. */
function passTargetDurationMs(askedMs: number, longestMs: number): number {
  return longestMs <= askedMs + ROUNDING_MS ? askedMs : Math.ceil((longestMs - ROUNDING_MS) / 1000) * 1000;
}

function passSegments(facts: VideoFacts, options: PlanOptions): { minSegmentUs: number; longestUs: number } {
  const minSegmentUs = (options.targetDurationMs * 1000) / 2;
  return { minSegmentUs, longestUs: longestSegmentUs(facts.keyTimesUs, facts.endUs, minSegmentUs) };
}

/** The usual rate nearest to the source's own, at most 60. */
export function encodedFrameRate(scan: VideoScan): number {
  const sourceRate = scan.constant ? scan.frameRate : 1e6 / scan.medianFrameUs;
  let rate = Math.max(MIN_FRAME_RATE, sourceRate);
  while (rate > MAX_FRAME_RATE * 1.01) rate /= 2;
  // A grid a little beside the source's rate repeats or leaves out one frame in a thousand, so the nearest usual one will do.
  return USUAL_FRAME_RATES.reduce<number>(
    (best, candidate) => (Math.abs(candidate - rate) < Math.abs(best - rate) ? candidate : best),
    MAX_FRAME_RATE,
  );
}

/** Within 1280x720 or 720x1280, even. */
export function encodedSize({ width, height }: Pick<VideoFacts, "width" | "height">): {
  width: number;
  height: number;
} {
  const scale = Math.min(1, MAX_LONG_SIDE / Math.max(width, height), MAX_SHORT_SIDE / Math.min(width, height));
  const even = (pixels: number): number => Math.max(2, Math.round((pixels * scale) / 2) * 2);
  return { width: even(width), height: even(height) };
}
