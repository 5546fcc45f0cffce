import type HlsPlayer from "hls.js";
import type { PlaybackMeter } from "./playback-meter.ts";

/** Figures of a playback, as plain data. */
export interface PlaybackStats {
  readonly latencyMs: number;
  readonly targetLatencyMs: number;
  readonly bufferAheadMs: number;
  readonly stalls: number;
  /** Those of them that happened with media in hand, because the machine was busy. */
  readonly busyStalls: number;
  readonly stalledMs: number;
  readonly width: number;
  readonly height: number;
  readonly decodedFrames: number;
  readonly droppedFrames: number;
  /** Media loads, init segments aside, and how many of them were parts. */
  readonly loads: number;
  readonly partLoads: number;
  readonly positionMs: number;
  /** When what is shown was captured, in ms since the Unix epoch; 0 while that is not known. */
  readonly playheadWallMs: number;
  /** From the first moment one can go back to, to the last one, in ms. */
  readonly windowMs: number;
}

export function playbackStats(
  video: HTMLVideoElement,
  hls: HlsPlayer | undefined,
  meter: PlaybackMeter,
): PlaybackStats {
  const quality = video.getVideoPlaybackQuality();
  const details = hls?.latestLevelDetails;
  return {
    latencyMs: (hls?.latency ?? 0) * 1000,
    targetLatencyMs: (hls?.targetLatency ?? 0) * 1000,
    bufferAheadMs: bufferAheadMs(video),
    stalls: meter.stalls,
    busyStalls: meter.busyStalls,
    stalledMs: meter.stalledMs,
    width: video.videoWidth,
    height: video.videoHeight,
    decodedFrames: quality.totalVideoFrames,
    droppedFrames: quality.droppedVideoFrames,
    loads: meter.loads,
    partLoads: meter.partLoads,
    positionMs: video.currentTime * 1000,
    playheadWallMs: hls?.playingDate?.getTime() ?? 0,
    windowMs: details ? (details.edge - details.fragmentStart) * 1000 : 0,
  };
}

/** Loaded and not yet shown. */
export function bufferAheadMs(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let index = 0; index < buffered.length; index++) {
    // A start a hair after the playhead is the rounding of the container's clock.
    if (buffered.start(index) <= currentTime + 0.05 && buffered.end(index) >= currentTime) {
      return (buffered.end(index) - currentTime) * 1000;
    }
  }
  return 0;
}
