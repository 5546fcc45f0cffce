import type { SessionStats } from "eddy-hls";

/** Figures of a publication, as plain data. */
export interface PublishStats {
  readonly elapsedMs: number;
  readonly bitsPerSecond: number;
  readonly partsSent: number;
  readonly bytesSent: number;
  readonly droppedFrames: number;
  /** Parts that were let go because the worker took none. */
  readonly lostParts: number;
  /** Parts that the worker has not acknowledged yet. */
  readonly unacknowledged: number;
  readonly framesPerSecond: number;
  /** Time that the busiest encoder needs, per time of media. */
  readonly load: number;
  readonly isMuted: boolean;
  readonly isPaused: boolean;
  /** Of the last seconds. */
  readonly recent: {
    readonly lostParts: number;
    readonly droppedFrames: number;
    /** 0 to 1, of the pictures that were due. */
    readonly droppedShare: number;
  };
  /** What went to other viewers; absent where it is not shared. */
  readonly sent?: SessionStats;
  /** The most viewers that were connected at once. */
  readonly mostViewers: number;
}
