import { checkDateRange, type DateRangeOptions } from "../model/date-range.ts";
import { DateRanges } from "./date-ranges.ts";
import type { ListWindow } from "./list-window.ts";
import type { SegmentLog } from "./segment-log.ts";

/** Date ranges of one live playlist: hours of advertisements, and a bound on what every playlist carries. */
const MAX_LIVE_RANGES = 256;
/** Those of a DVR window. */
const MAX_DVR_RANGES = 4096;

/** The date ranges of both lists over one log: each loses a range when its own window has left it behind. */
export class WindowDateRanges {
  readonly live = new DateRanges(MAX_LIVE_RANGES);
  /** The same object where the log has no DVR window. */
  readonly dvr: DateRanges;
  readonly #log: SegmentLog;

  constructor(log: SegmentLog) {
    this.#log = log;
    this.dvr = log.dvr === log.live ? this.live : new DateRanges(MAX_DVR_RANGES);
  }

  /**
   * Adds a range to both, or attributes to one that is known. Returns whether a text has changed.
   * @throws RelayError `invalid-option`, `conflict`, `stream-limit`; nothing has changed then
   */
  add(options: DateRangeOptions): boolean {
    const at = this.#log.endTicks;
    const checked = checkDateRange(options);
    // What the DVR window knows includes what the live list knows, so that nothing but room can fail in the second.
    this.live.checkRoom(checked.id);
    const isNew = this.dvr.add(checked, at);
    return this.dvr === this.live ? isNew : this.live.add(checked, at) || isNew;
  }

  /** Takes off what has ended before its window. */
  removeOld(): void {
    const { live, dvr } = this.#log;
    this.#removeBefore(this.live, live);
    if (dvr !== live) this.#removeBefore(this.dvr, dvr);
  }

  #removeBefore(ranges: DateRanges, { firstMsn }: ListWindow): void {
    const first = this.#log.get(firstMsn);
    if (first !== undefined) ranges.removeBefore(first.wallMs, this.#log.endTicks);
  }
}
