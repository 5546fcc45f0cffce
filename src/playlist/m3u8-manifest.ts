import type { Bytes } from "../model/bytes.ts";
import { checkNumber } from "../model/checks.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import { checkKeys, type MediaKey } from "../model/media-key.ts";
import { PART_GAP, PART_INDEPENDENT, type SegmentOpening } from "../model/record.ts";
import { CLEAR, type KeyState, keyState } from "./key-tags.ts";
import { ListRenderer, type ManifestState } from "./list-renderer.ts";
import { beginEmpty, type ManifestBeginning } from "./manifest-beginning.ts";
import { checkEpoch, type ManifestConfig, type ManifestOptions, resolveManifestOptions } from "./manifest-options.ts";
import type { ManifestStats, PartInfo, PartPlacement, RenditionReport, SegmentInfo } from "./manifest-types.ts";
import type { ProducerFaults } from "./producer-faults.ts";
import { type Segment, type SegmentLog, segmentInfo } from "./segment-log.ts";
import { isSameInit, partLine, statesBetween } from "./segment-text.ts";
import { checkDate, msOf, partTicks, type Ticks, ticksOf } from "./tags.ts";
import type { WindowDateRanges } from "./window-date-ranges.ts";

/** A part may exceed the part target by the rounding of its sample clock. */
const ROUNDING_MS = 0.001;
/** No sample of a live encoder lasts less. */
const MIN_PART_MS = 1;

/**
 * The Media Playlist of one rendition: parts go in, LL-HLS text comes out. Closed segments keep their text and a rendered
 * playlist is made of views of it, so a part costs the same however long the window is. Says nothing of bytes: the owner keeps
 * them under the part ids given here.
 *
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4, 6.2 and B.1
 * @example
 * ```ts
 * const manifest = new M3u8Manifest({ partTargetMs: 500, targetDurationMs: 6000 });
 * manifest.addPart({ durationMs: 500, independent: true, sizeBytes: 64_000 });
 * new Blob([...manifest.render()]);
 * ```
 */
export class M3u8Manifest {
  readonly #config: ManifestConfig;
  readonly #log: SegmentLog;
  readonly #state: ManifestState;
  readonly #live: ListRenderer;
  readonly #dvr: ListRenderer;
  readonly #dateRanges: WindowDateRanges;
  readonly #faults: ProducerFaults;
  #segmentMin: Ticks;
  /** Discontinuity sequence number of the last segment. */
  #discontinuitySequence: number;
  #position: PartPosition | undefined;
  /** Media time of the open segment's start, and what it stands for on the wall clock less that time. */
  #segmentStartMs: number;
  #wallOffsetMs: number | undefined;

  /** @throws RelayError `invalid-option` */
  constructor(options?: ManifestOptions);
  /** @internal */
  constructor(options: ManifestOptions, begin: (config: ManifestConfig) => ManifestBeginning);
  constructor(options: ManifestOptions = {}, begin = beginEmpty) {
    const config = resolveManifestOptions(options);
    const { log, state, faults, dateRanges, ...at } = begin(config);
    this.#config = config;
    this.#log = log;
    this.#state = state;
    this.#dateRanges = dateRanges;
    this.#faults = faults;
    this.#segmentMin = config.segmentMin;
    this.#discontinuitySequence = at.discontinuitySequence;
    this.#position = at.position;
    this.#segmentStartMs = at.segmentStartMs;
    this.#wallOffsetMs = at.wallOffsetMs;
    const shared = { config, log, state };
    this.#live = new ListRenderer({ ...shared, dateRanges: this.#dateRanges.live, list: "live" });
    this.#dvr = new ListRenderer({ ...shared, dateRanges: this.#dateRanges.dvr, list: "dvr" });
  }

  /** The last part, or `undefined` before the first. */
  get position(): PartPosition | undefined {
    return this.#position;
  }

  /**
   * Where a RENDITION-REPORT in another playlist should say this one stands: the last part, but the segment before while
   * the last part is a first one, since hls.js takes LAST-PART=0 for a missing value (rule 68).
   */
  get reportPosition(): PartPosition | undefined {
    if (this.#position?.part !== 0) return this.#position;
    const before = this.#log.get(this.#position.msn - 1);
    // What no list has any more is not known to a worker that starts anew, which says the same.
    if (before === undefined || before.msn < this.#log.dvr.firstMsn || before.partCount < 2) return this.#position;
    return { msn: before.msn, part: before.partCount - 1 };
  }

  /** PROGRAM-DATE-TIME of the open segment. */
  get segmentWallMs(): number | undefined {
    return this.#wallOffsetMs === undefined ? undefined : this.#segmentStartMs + this.#wallOffsetMs;
  }

  /** Wall clock of the end of the last part, as PROGRAM-DATE-TIME has it; undefined before the first. */
  get endWallMs(): number | undefined {
    return this.#wallOffsetMs === undefined ? undefined : this.#segmentEndMs + this.#wallOffsetMs;
  }

  /** Id the next part will take. */
  get nextPartId(): PartId {
    return this.#state.nextPartId;
  }

  /** EXT-X-MEDIA-SEQUENCE. */
  get firstMsn(): Msn {
    return this.#log.live.firstMsn;
  }

  /** The segment of the last part; before the first part, one less than `firstMsn`. */
  get lastMsn(): Msn {
    return this.#log.open?.msn ?? this.#log.nextMsn - 1;
  }

  /** ENDLIST is written; nothing more can be added. */
  get ended(): boolean {
    return this.#state.ended;
  }

  /** Closed segments listed. */
  get closedSegmentCount(): number {
    return this.#log.nextMsn - this.#log.live.firstMsn;
  }

  /** First part of the first listed segment; the next one's id when none is listed. */
  get firstListedPartId(): PartId {
    return this.#log.get(this.#log.live.firstMsn)?.firstPartId ?? this.#state.nextPartId;
  }

  /** Discontinuity sequence number of the segment the next part will be in: those before the list and all in it count. */
  get nextDiscontinuitySequence(): number {
    return this.#discontinuitySequence + (this.#state.discontinuityNext ? 1 : 0);
  }

  /** Sum of the listed segments as rendered, the open one included. */
  get listedDurationMs(): number {
    return msOf(this.#log.live.ticks);
  }

  /** First segment of the DVR window; `firstMsn` where there is none, or it reaches no further. */
  get dvrFirstMsn(): Msn {
    return this.#log.dvr.firstMsn;
  }

  /** Sum of the DVR window as rendered, the open segment included. */
  get dvrDurationMs(): number {
    return msOf(this.#log.dvr.ticks);
  }

  /** Closed segments of the DVR window. */
  get dvrSegmentCount(): number {
    return this.#log.nextMsn - this.#log.dvr.firstMsn;
  }

  /** What the producer did that a playlist can show but not mend. */
  get stats(): ManifestStats {
    return this.#faults.stats;
  }

  /** A segment that is listed, live or in the DVR window, or left so recently that it must still be fetchable (rule 31). */
  segment(msn: Msn): SegmentInfo | undefined {
    const segment = this.#log.get(msn);
    return segment && segmentInfo(segment, segment !== this.#log.open);
  }

  /**
   * Lists the next part: in the open segment, or in a new one if the part is independent and the open segment long enough,
   * or if the open segment has no room for it.
   * @throws RelayError `part-too-long`, `invalid-option`, or `stream-ended`; nothing has changed then
   */
  addPart(info: PartInfo): PartPlacement {
    this.#checkLive();
    const { durationMs, sizeBytes, gap = false } = info;
    checkNumber("durationMs", durationMs, MIN_PART_MS, Number.MAX_VALUE);
    checkNumber("sizeBytes", sizeBytes, 0, Number.MAX_SAFE_INTEGER);
    if (durationMs > this.#config.partTargetMs + ROUNDING_MS) {
      throw new RelayError(
        "part-too-long",
        `part ${this.#state.nextPartId}: expected at most the part target of ${this.#config.partTargetMs} ms, got ${durationMs} ms`,
      );
    }
    const independent = info.independent && !gap;
    const opensSegment = this.#opensSegment(durationMs, independent);
    const startMs = this.#segmentEndMs;
    const wallOffsetMs = opensSegment ? this.#wallOffsetAt(startMs, info) : undefined;

    let closedMsn: Msn | undefined;
    let opens: SegmentOpening | undefined;
    if (wallOffsetMs !== undefined) {
      closedMsn = this.#log.closeSegment();
      opens = this.#open(startMs, wallOffsetMs);
    }
    const segment = this.#openSegment;
    const { epoch, msn, sizeBytes: offset } = segment;
    const ticks = partTicks(segment, durationMs, this.#config.partTarget);
    const id = this.#state.nextPartId++;
    const line = partLine(this.#config, { epoch, msn, id, ticks, offset, sizeBytes, independent, gap });
    this.#log.addPart(segment, { line, ticks, durationMs, sizeBytes, gap });
    this.#faults.add({ independent, gap, ticks }, opensSegment);
    if (opensSegment) {
      this.#log.trim();
      this.#dateRanges.removeOld();
    }
    const part = segment.partCount - 1;
    this.#position = { msn, part };
    this.#changed();
    const flags = (independent ? PART_INDEPENDENT : 0) | (gap ? PART_GAP : 0);
    if (opens === undefined) return { msn, part, id, opensSegment, flags };
    return { msn, part, id, opensSegment, flags, opens, ...(closedMsn === undefined ? {} : { closedMsn }) };
  }

  /**
   * The next part opens a segment after an EXT-X-DISCONTINUITY (rule 33). Nothing happens before the first part.
   * @throws RelayError `stream-ended`
   */
  discontinuity(): void {
    this.#checkLive();
    // 4.4.4.3: a discontinuity lies between two segments.
    if (this.#position === undefined) return;
    this.#state.discontinuityNext = true;
    // A hinted range depends on whether the next part opens a segment; a hinted file does not.
    if (this.#config.parts === "byterange") this.#changed();
  }

  /**
   * From the next part on the init segment is `<epoch>/init-<index>.mp4`; the part opens a segment. It is 0 from the start.
   * @throws RelayError `invalid-option` or `stream-ended`
   */
  setInit(index: number): void {
    this.#checkLive();
    if (!Number.isSafeInteger(index) || index < 0) {
      throw new RelayError("invalid-option", `init index: expected a whole number of at least 0, got ${String(index)}`);
    }
    const init = { epoch: this.#state.epoch, index };
    if (this.#position === undefined) this.#state.init = init;
    else this.#state.pendingInit = isSameInit(init, this.#state.init) ? undefined : init;
    this.#changed();
  }

  /** EXT-X-SESSION-KEY lines of the keys that the next part is under. */
  get sessionKeys(): string {
    return (this.#state.pendingKeys ?? this.#state.keys).sessionLines;
  }

  /**
   * From the next part on the media is encrypted so; the part opens a segment.
   * @throws RelayError `invalid-option` or `stream-ended`
   */
  setKeys(keys: readonly MediaKey[]): void {
    this.#checkLive();
    this.#changeKeys(keyState(checkKeys(keys)));
  }

  /**
   * Another producer goes on where one stopped: from the next part on URIs stand under `epoch`, after a discontinuity. The part
   * that was hinted will never come, so its id is given up. Of media in containers, the next part needs a new init segment.
   * @throws RelayError `stream-ended`, `invalid-option`
   */
  resume(epoch: string): void {
    this.#checkLive();
    this.#state.epoch = checkEpoch(epoch);
    this.#state.nextPartId += 1;
    this.#state.pendingInit = undefined;
    // What it encrypts, it says itself.
    this.#changeKeys(CLEAR);
    this.discontinuity();
    this.#changed();
  }

  /**
   * After this a segment closes at the first independent part. No tag says it, so that it may change with the producer.
   * @internal
   */
  setSegmentMin(segmentMinMs: number): void {
    this.#segmentMin = ticksOf(segmentMinMs);
  }

  /** Closes the open segment and the playlist (rule 37). Ending twice changes nothing. */
  end(): void {
    if (this.#state.ended) return;
    this.#state.ended = true;
    this.#log.closeSegment();
    this.#changed();
  }

  /**
   * Takes the closed segments that hold a part below `partId` off the list, as the window would: `segment()` still knows them
   * for a while. Whether their bytes are still there is known to their owner.
   */
  dropBefore(partId: PartId): void {
    if (!this.#log.dropBefore(partId)) return;
    this.#dateRanges.removeOld();
    this.#changed();
  }

  /**
   * Lists a date range until it has ended before the first listed segment. It may stand before or after what is listed now: it
   * goes by PROGRAM-DATE-TIME, which every playlist with a segment has (rule 35).
   * @throws RelayError `stream-ended`, `invalid-option`; `conflict` for an id with another value than before; `stream-limit`
   */
  addDateRange(options: DateRangeOptions): void {
    this.#checkLive();
    if (this.#dateRanges.add(options)) this.#changed();
  }

  /**
   * Sets what the playlist reports of the other renditions (rule 43).
   * @throws RelayError `invalid-option` for a URI that cannot stand in a quoted-string
   */
  setReports(reports: readonly RenditionReport[]): void {
    this.#live.setReports(reports);
  }

  /**
   * The same for the DVR list, whose reports name the others' DVR lists.
   * @throws RelayError `invalid-option` for a URI that cannot stand in a quoted-string
   */
  setDvrReports(reports: readonly RenditionReport[]): void {
    this.#dvr.setReports(reports);
  }

  /**
   * The whole playlist, in chunks that belong together. The same array until something changes; its bytes are views of the
   * manifest's own text, are never edited, and must not be transferred.
   */
  render(): readonly Bytes[] {
    return this.#live.render();
  }

  /**
   * The answer to `_HLS_skip`: a Playlist Delta Update, or `undefined` when nothing can be skipped, where the whole playlist
   * is the answer. Owned like that of `render()`. Costs what it holds, not what it skips.
   */
  renderDelta(): readonly Bytes[] | undefined {
    return this.#live.renderDelta();
  }

  /**
   * The answer to `_HLS_skip=v2`: a delta that leaves out the date ranges older than the skip boundary too, and names those that
   * were removed since then. `undefined` where nothing can be skipped, or date ranges may not be.
   */
  renderDeltaV2(): readonly Bytes[] | undefined {
    return this.#live.renderDeltaV2();
  }

  /**
   * The playlist of the DVR window: what the live one lists and what left it, until `forgetBefore`. The live window where the
   * manifest keeps no other. It slides, so it has no PLAYLIST-TYPE; ended, it is a recording (`VOD`). Owned like that of `render()`.
   */
  renderDvr(): readonly Bytes[] {
    return this.#dvr.render();
  }

  /** `renderDelta()` of the DVR window: it skips from the first segment of that. */
  renderDvrDelta(): readonly Bytes[] | undefined {
    return this.#dvr.renderDelta();
  }

  /** `renderDeltaV2()` of the DVR window. */
  renderDvrDeltaV2(): readonly Bytes[] | undefined {
    return this.#dvr.renderDeltaV2();
  }

  /**
   * Takes the segments before `msn` off the DVR list, but none that the live one lists while it is live. `segment()` still knows them
   * as long as they ought to be fetchable (rule 31); whether their bytes are still there is known to their owner.
   */
  forgetBefore(msn: Msn): void {
    const { firstMsn } = this.#log.dvr;
    if (this.#state.ended) this.#log.endLiveBefore(msn);
    this.#log.forgetBefore(msn);
    if (this.#log.dvr.firstMsn === firstMsn) return;
    this.#dateRanges.removeOld();
    this.#changed();
  }

  #changeKeys(keys: KeyState): void {
    if (this.#position === undefined) this.#state.keys = keys;
    else this.#state.pendingKeys = keys.lines === this.#state.keys.lines ? undefined : keys;
    this.#changed();
  }

  get #segmentEndMs(): number {
    return this.#segmentStartMs + (this.#log.open?.durationMs ?? 0);
  }

  get #openSegment(): Segment {
    if (this.#log.open !== undefined) return this.#log.open;
    throw new RelayError("internal", "expected an open segment");
  }

  #checkLive(): void {
    if (this.#state.ended) throw new RelayError("stream-ended", "expected a live playlist, but it has ended");
  }

  #changed(): void {
    this.#live.changed();
    this.#dvr.changed();
  }

  #opensSegment(durationMs: number, independent: boolean): boolean {
    const { open } = this.#log;
    if (open === undefined || this.#state.discontinuityNext || this.#state.pendingInit !== undefined) return true;
    if (this.#state.pendingKeys !== undefined) return true;
    const { segmentMax, maxPartsPerSegment } = this.#config;
    // One tick of grace: rounding must not cost a whole further group of pictures.
    if (independent && open.ticks + 1 >= this.#segmentMin) return true;
    const ticks = open.ticks + partTicks(open, durationMs, this.#config.partTarget);
    return open.partCount >= maxPartsPerSegment || ticks > segmentMax;
  }

  /** Wall clock less media time for a segment that opens at `startMs`: continued, but set anew at a discontinuity. */
  #wallOffsetAt(startMs: number, info: PartInfo): number {
    const { programDateTimeMs } = info;
    if (this.#wallOffsetMs !== undefined && !(this.#state.discontinuityNext && programDateTimeMs !== undefined)) {
      return this.#wallOffsetMs;
    }
    if (this.#wallOffsetMs === undefined && this.#config.programDateTimeMs !== undefined) {
      return checkDate("programDateTimeMs", this.#config.programDateTimeMs) - startMs;
    }
    // A part comes when its last sample is there, so its first one was that much earlier.
    const wallMs = programDateTimeMs ?? this.#config.wallMs() - info.durationMs;
    return checkDate("programDateTimeMs", wallMs) - startMs;
  }

  /** Opens the segment that the next part is in, under all that was said for it. */
  #open(startMs: number, wallOffsetMs: number): SegmentOpening {
    const state = this.#state;
    const discontinuity = state.discontinuityNext;
    const { init, keys } = { init: state.pendingInit ?? state.init, keys: state.pendingKeys ?? state.keys };
    const states = statesBetween(state, { init, keys });
    if (discontinuity) this.#discontinuitySequence++;
    this.#segmentStartMs = startMs;
    this.#wallOffsetMs = wallOffsetMs;
    state.init = init;
    state.keys = keys;
    state.pendingInit = undefined;
    state.pendingKeys = undefined;
    state.discontinuityNext = false;
    const { epoch, nextPartId: firstPartId } = state;
    const wallMs = startMs + wallOffsetMs;
    const { msn } = this.#log.openSegment({ init, keys, states, firstPartId, epoch, startMs, wallMs, discontinuity });
    return {
      msn,
      epoch,
      firstPartId,
      startMs,
      wallOffsetMs,
      discontinuity,
      discontinuitySequence: this.#discontinuitySequence,
      initIndex: this.#config.container === "mp4" ? init.index : -1,
      initEpoch: init.epoch,
      keys: keys.keys,
      states,
    };
  }
}
