import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import { probeAudioDecoder } from "./audio-encoder.ts";
import { browserProbes, chooseEncoders, type MediaProbes } from "./encoder-choice.ts";
import type { OpenFeed } from "./feed.ts";
import { LiveRun, type LiveVideo } from "./live-run.ts";
import type { CaptureRenditionOptions } from "./messages.ts";
import { planRenditions } from "./rendition-plan.ts";
import { type OpenSource, type SourceOptions, type TrackDescription, wholeFramesMs } from "./source.ts";
import { probeVideoDecoder } from "./video-probe.ts";

export interface LiveSourceOptions extends SourceOptions {
  /** Best first. Default one, as the feed is. */
  readonly renditions?: readonly CaptureRenditionOptions[];
}

const SOUND_RATE = 48_000;
/** Rates that every encoder takes as they are. */
const KEPT_RATES: readonly number[] = [44_100, 48_000];
/** Whatever comes fits into two. */
const CHANNELS = 2;

/**
 * Names the tracks of a live stream by asking its encoders once. Their sizes and rates are those of the first feed, and stay when
 * another takes its place.
 * @throws RelayError `unsupported-browser`, `encoder-failed`; the feed is closed then
 */
export async function openLive(
  feed: OpenFeed,
  options: LiveSourceOptions,
  { clock = systemClock, probes = browserProbes }: { readonly clock?: Clock; readonly probes?: MediaProbes } = {},
): Promise<OpenSource> {
  try {
    const plan = planRenditions(feed, options.renditions ?? [{}], options);
    const { sampleRate = SOUND_RATE } = feed;
    const sound = { sampleRate: KEPT_RATES.includes(sampleRate) ? sampleRate : SOUND_RATE, channels: CHANNELS };
    const [size] = plan.renditions;
    if (size === undefined) throw new RelayError("invalid-option", "renditions: expected one at least, got none");
    const videos: LiveVideo[] = [];
    let audio: AudioEncoderConfig | undefined;
    for (const rendition of plan.renditions) {
      const { width, height, frameRate, bitrate } = rendition;
      const choice = await chooseEncoders(
        {
          video: { width, height, frameRate, ...(bitrate === undefined ? {} : { bitrate }) },
          ...(options.audio === false || audio !== undefined ? {} : { audio: sound }),
        },
        probes,
      );
      if (choice.video === undefined) throw new RelayError("internal", "expected a video encoder");
      audio ??= choice.audio;
      const decoderConfig = await probeVideoDecoder(choice.video, feed.picture?.(size));
      const track = describeVideo(decoderConfig, choice.video, frameRate);
      videos.push({ config: choice.video, everyNth: rendition.everyNth, track });
    }
    const tracks = videos.map(({ track }) => track);
    if (audio !== undefined) tracks.push(describeAudio(await probeAudioDecoder(audio), audio));
    return {
      tracks,
      ids: plan.renditions.map(({ id }) => id),
      partTargetMs: wholeFramesMs(options.partTargetMs, plan.frameRate),
      targetDurationMs: options.targetDurationMs,
      segmentMs: (plan.keyEveryFrames * 1000) / plan.frameRate,
      start: (sink) =>
        new LiveRun({
          feed,
          size,
          frameRate: plan.frameRate,
          keyEveryFrames: plan.keyEveryFrames,
          videos,
          ...(audio === undefined ? {} : { audio }),
          clock,
          sink,
        }),
    };
  } catch (thrown) {
    feed.close();
    throw thrown;
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
