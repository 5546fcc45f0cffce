import type { Msn } from "../model/ids.ts";
import type { Ticks } from "./tags.ts";

/** Where one list over the segments of a log begins. The log moves it. */
export interface ListWindow {
  /** EXT-X-MEDIA-SEQUENCE. */
  firstMsn: Msn;
  /** EXT-X-DISCONTINUITY-SEQUENCE. */
  discontinuitySequence: number;
  /** Rendered time of the listed segments, the open one included. */
  ticks: Ticks;
}
