import type { Bytes } from "../model/bytes.ts";
import { checkNumber } from "../model/checks.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import { checkKeys, type MediaKey } from "../model/media-key.ts";
import { DateRanges } from "./date-ranges.ts";
import { CLEAR, type KeyState, keyState, NO_KEY } from "./key-tags.ts";
import { checkEpoch, type ManifestConfig, type ManifestOptions, resolveManifestOptions } from "./manifest-options.ts";
import type { ManifestStats, PartInfo, PartPlacement, RenditionReport, SegmentInfo } from "./manifest-types.ts";
import { isGap, type Segment, SegmentLog } from "./segment-log.ts";
import { checkDate, msOf, programDateTime, quoted, seconds, type Ticks, ticksOf } from "./tags.ts";
import { writeAscii } from "./text-buffer.ts";

/** A part may exceed the part target by the rounding of its sample clock. */
const ROUNDING_MS = 0.001;
/** No sample of a live encoder lasts less. */
const MIN_PART_MS = 1;
/**
 * Section 8: EXT-X-MAP needs 6, and a playlist without one 3 for its decimals; EXT-X-SKIP needs 9, and only a delta holds
 * one; SERVER-CONTROL needs nothing.
 */
const VERSION = { mp4: 6, vtt: 3 } as const;
const DELTA_VERSION = 9;
/** EXT-X-SKIP that stands for date ranges too. */
const DELTA_V2_VERSION = 10;

/**
 * The Media Playlist of one rendition: parts go in, LL-HLS text comes out. Closed segments keep their text, so a part costs
 * the same however long the window is. Says nothing of bytes: the owner keeps them under the part ids given here.
 *
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4, 6.2 and B.1
 * @example
 * const manifest = new M3u8Manifest({ partTargetMs: 500, targetDurationMs: 6000 });
 * manifest.addPart({ durationMs: 500, independent: true, sizeBytes: 64_000 });
 * manifest.render(); // Uint8Array
 */
export class M3u8Manifest {
  readonly #config: ManifestConfig;
  readonly #log: SegmentLog;
  /** Header lines after EXT-X-VERSION; the same for ever (rules 5 and 9). */
  readonly #fixedHead: string;
  readonly #dateRanges = new DateRanges();
  #reports = "";
  #epoch: string;
  #initUri: string;
  #pendingInit: string | undefined;
  #keys = CLEAR;
  #pendingKeys: KeyState | undefined;
  #discontinuityNext = false;
  /** Discontinuity sequence number of the last segment. */
  #discontinuitySequence: number;
  #ended = false;
  #nextPartId: PartId;
  #position: PartPosition | undefined;
  /** Media time of the open segment's start, and what it stands for on the wall clock less that time. */
  #segmentStartMs = 0;
  #wallOffsetMs: number | undefined;
  /** The last part may still turn out to be too short. */
  #lastIsShort = false;
  /** The open segment holds no frame yet: the first one decides whether it can be decoded on its own (rule 26). */
  #awaitsFrame = false;
  #shortParts = 0;
  #dependentSegments = 0;
  #full: Bytes | undefined;
  #delta: Bytes | undefined;
  #deltaV2: Bytes | undefined;

  /** @throws RelayError `invalid-option` */
  constructor(options: ManifestOptions = {}) {
    const config = resolveManifestOptions(options);
    this.#config = config;
    this.#log = new SegmentLog(config);
    this.#nextPartId = config.firstPartId;
    this.#epoch = config.epoch;
    this.#initUri = `${config.epoch}/init-0.mp4`;
    this.#discontinuitySequence = config.discontinuitySequence;
    const { targetDuration, targetDurationS, partTarget } = config;
    this.#fixedHead =
      `#EXT-X-TARGETDURATION:${targetDurationS}\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES` +
      `,CAN-SKIP-UNTIL=${seconds(targetDuration * 6)}${config.canSkipDateRanges ? ",CAN-SKIP-DATERANGES=YES" : ""},PART-HOLD-BACK=${seconds(partTarget * 3)}` +
      `,HOLD-BACK=${seconds(targetDuration * 3)}\n#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget)}\n`;
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
    if (before === undefined || before.partCount < 2) return this.#position;
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
    return this.#nextPartId;
  }

  /** EXT-X-MEDIA-SEQUENCE. */
  get firstMsn(): Msn {
    return this.#log.listedMsn;
  }

  /** The segment of the last part; before the first part, one less than `firstMsn`. */
  get lastMsn(): Msn {
    return this.#log.open?.msn ?? this.#log.nextMsn - 1;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Closed segments listed. */
  get closedSegmentCount(): number {
    return this.#log.nextMsn - this.#log.listedMsn;
  }

  /** First part of the first listed segment; the next one's id when none is listed. */
  get firstListedPartId(): PartId {
    return this.#log.get(this.#log.listedMsn)?.firstPartId ?? this.#nextPartId;
  }

  /** Discontinuity sequence number of the segment the next part will be in: those before the list and all in it count. */
  get nextDiscontinuitySequence(): number {
    return this.#discontinuitySequence + (this.#discontinuityNext ? 1 : 0);
  }

  /** Sum of the listed segments as rendered, the open one included. */
  get listedDurationMs(): number {
    return msOf(this.#log.listedTicks);
  }

  get stats(): ManifestStats {
    return { shortParts: this.#shortParts, dependentSegments: this.#dependentSegments };
  }

  /** A segment that is listed, or left the list so recently that it must still be fetchable (rule 31). */
  segment(msn: Msn): SegmentInfo | undefined {
    const segment = this.#log.get(msn);
    if (segment === undefined) return undefined;
    const { firstPartId, partCount, gapCount, durationMs, sizeBytes, epoch, initUri, wallMs, discontinuity } = segment;
    const closed = segment !== this.#log.open;
    return {
      msn,
      firstPartId,
      partCount,
      gapCount,
      durationMs,
      sizeBytes,
      closed,
      wallMs,
      discontinuity,
      epoch,
      initUri,
      gap: isGap(segment),
    };
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
        `part ${this.#nextPartId}: expected at most the part target of ${this.#config.partTargetMs} ms, got ${durationMs} ms`,
      );
    }
    const independent = info.independent && !gap;
    const opensSegment = this.#opensSegment(durationMs, independent);
    const wallOffsetMs = opensSegment ? this.#wallOffsetAt(this.#segmentEndMs, info) : undefined;

    let closedMsn: Msn | undefined;
    if (wallOffsetMs !== undefined) {
      closedMsn = this.#open(wallOffsetMs);
      this.#awaitsFrame = true;
    } else if (this.#lastIsShort && !gap) {
      this.#shortParts++;
    }
    if (this.#awaitsFrame && !gap) {
      this.#awaitsFrame = false;
      if (!independent) this.#dependentSegments++;
    }
    const segment = this.#openSegment;
    const ticks = this.#partTicks(segment, this.#segmentStartMs, durationMs);
    const id = this.#nextPartId++;
    const flags = (independent ? ",INDEPENDENT=YES" : "") + (gap ? ",GAP=YES" : "");
    const line = `#EXT-X-PART:DURATION=${seconds(ticks)},${this.#partPlace(segment, id, info)}${flags}\n`;
    this.#log.addPart(segment, { line, ticks, durationMs, sizeBytes, gap });
    this.#lastIsShort = !independent && !gap && ticks * 100 < this.#config.partTarget * 85;
    if (opensSegment) {
      this.#log.trim();
      this.#removeDateRanges();
    }
    const { msn } = segment;
    const part = segment.partCount - 1;
    this.#position = { msn, part };
    this.#changed();
    return closedMsn === undefined ? { msn, part, id, opensSegment } : { msn, part, id, opensSegment, closedMsn };
  }

  /**
   * The next part opens a segment after an EXT-X-DISCONTINUITY (rule 33). Nothing happens before the first part.
   * @throws RelayError `stream-ended`
   */
  discontinuity(): void {
    this.#checkLive();
    // 4.4.4.3: a discontinuity lies between two segments.
    if (this.#position !== undefined) this.#discontinuityNext = true;
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
    const uri = `${this.#epoch}/init-${index}.mp4`;
    if (this.#position === undefined) this.#initUri = uri;
    else this.#pendingInit = uri === this.#initUri ? undefined : uri;
    this.#changed();
  }

  /** EXT-X-SESSION-KEY lines of the keys that the next part is under. */
  get sessionKeys(): string {
    return (this.#pendingKeys ?? this.#keys).sessionLines;
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
    this.#epoch = checkEpoch(epoch);
    this.#nextPartId += 1;
    this.#pendingInit = undefined;
    // What it encrypts, it says itself.
    this.#changeKeys(CLEAR);
    this.discontinuity();
    this.#changed();
  }

  /** Closes the open segment and the playlist (rule 37). Ending twice changes nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#log.closeSegment();
    this.#changed();
  }

  /**
   * Takes the closed segments that hold a part below `partId` off the list, as the window would: `segment()` still knows them
   * for a while. Whether their bytes are still there is known to their owner.
   */
  dropBefore(partId: PartId): void {
    if (!this.#log.dropBefore(partId)) return;
    this.#removeDateRanges();
    this.#changed();
  }

  /**
   * Lists a date range until it has ended before the first listed segment. It may stand before or after what is listed now: it
   * goes by PROGRAM-DATE-TIME, which every playlist with a segment has (rule 35).
   * @throws RelayError `stream-ended`, `invalid-option`; `conflict` for an id with another value than before; `stream-limit`
   */
  addDateRange(options: DateRangeOptions): void {
    this.#checkLive();
    if (this.#dateRanges.add(options, this.#log.endTicks)) this.#changed();
  }

  /**
   * Sets what the playlist reports of the other renditions (rule 43).
   * @throws RelayError `invalid-option` for a URI that cannot stand in a quoted-string
   */
  setReports(reports: readonly RenditionReport[]): void {
    let text = "";
    for (const { uri, lastMsn, lastPart } of reports) {
      text += `#EXT-X-RENDITION-REPORT:URI=${quoted("report URI", uri)},LAST-MSN=${lastMsn},LAST-PART=${lastPart}\n`;
    }
    if (text === this.#reports) return;
    this.#reports = text;
    this.#changed();
  }

  /** The whole playlist. The same bytes until something changes; they are never edited, and must not be transferred. */
  render(): Bytes {
    this.#full ??= this.#assemble(
      this.#head(VERSION[this.#config.container]) + this.#mapBefore(this.#log.listedMsn),
      this.#log.listedMsn,
    );
    return this.#full;
  }

  /**
   * The answer to `_HLS_skip`: a Playlist Delta Update, or `undefined` when nothing can be skipped, where the whole playlist
   * is the answer. Owned like that of `render()`. Costs what it holds, not what it skips.
   */
  renderDelta(): Bytes | undefined {
    const { skipMsn, listedMsn } = this.#log;
    if (this.#ended || skipMsn === listedMsn) return undefined;
    if (this.#delta !== undefined) return this.#delta;
    const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipMsn - listedMsn}\n`;
    // The MAP stands after the SKIP: hls.js takes the wrong init segment from one before it (rule 48).
    this.#delta = this.#assemble(this.#head(DELTA_VERSION) + skip + this.#mapBefore(skipMsn), skipMsn);
    return this.#delta;
  }

  /**
   * The answer to `_HLS_skip=v2`: a delta that leaves out the date ranges older than the skip boundary too, and names those that
   * were removed since then. `undefined` where nothing can be skipped, or date ranges may not be.
   */
  renderDeltaV2(): Bytes | undefined {
    const { skipMsn, listedMsn, endTicks } = this.#log;
    if (!this.#config.canSkipDateRanges || this.#ended || skipMsn === listedMsn) return undefined;
    if (this.#deltaV2 !== undefined) return this.#deltaV2;
    const since = endTicks - this.#config.targetDuration * 6;
    const removed = this.#dateRanges.removedSince(since);
    const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipMsn - listedMsn},RECENTLY-REMOVED-DATERANGES="${removed}"\n`;
    const head = this.#head(DELTA_V2_VERSION) + skip + this.#mapBefore(skipMsn);
    this.#deltaV2 = this.#assemble(head, skipMsn, this.#dateRanges.text(since));
    return this.#deltaV2;
  }

  #changeKeys(keys: KeyState): void {
    if (this.#position === undefined) this.#keys = keys;
    else this.#pendingKeys = keys.lines === this.#keys.lines ? undefined : keys;
    this.#changed();
  }

  #removeDateRanges(): void {
    const first = this.#log.get(this.#log.listedMsn);
    if (first !== undefined) this.#dateRanges.removeBefore(first.wallMs, this.#log.endTicks);
  }

  get #segmentEndMs(): number {
    return this.#segmentStartMs + (this.#log.open?.durationMs ?? 0);
  }

  get #openSegment(): Segment {
    if (this.#log.open !== undefined) return this.#log.open;
    throw new RelayError("internal", "expected an open segment");
  }

  #checkLive(): void {
    if (this.#ended) throw new RelayError("stream-ended", "expected a live playlist, but it has ended");
  }

  #changed(): void {
    this.#full = undefined;
    this.#delta = undefined;
    this.#deltaV2 = undefined;
  }

  #opensSegment(durationMs: number, independent: boolean): boolean {
    const { open } = this.#log;
    if (open === undefined || this.#discontinuityNext || this.#pendingInit !== undefined) return true;
    if (this.#pendingKeys !== undefined) return true;
    const { segmentMin, segmentMax, maxPartsPerSegment } = this.#config;
    // One tick of grace: rounding must not cost a whole further group of pictures.
    if (independent && open.ticks + 1 >= segmentMin) return true;
    const ticks = open.ticks + this.#partTicks(open, this.#segmentStartMs, durationMs);
    return open.partCount >= maxPartsPerSegment || ticks > segmentMax;
  }

  /** Ticks the next part adds: by the rounded media time, so that the sum of parts follows it and equals the EXTINF. */
  #partTicks(segment: Segment, startMs: number, durationMs: number): Ticks {
    const endTicks = ticksOf(startMs + segment.durationMs + durationMs) - ticksOf(startMs);
    return Math.min(endTicks - segment.ticks, this.#config.partTarget);
  }

  /** Wall clock less media time for a segment that opens at `startMs`: continued, but set anew at a discontinuity. */
  #wallOffsetAt(startMs: number, info: PartInfo): number {
    const { programDateTimeMs } = info;
    if (this.#wallOffsetMs !== undefined && !(this.#discontinuityNext && programDateTimeMs !== undefined)) {
      return this.#wallOffsetMs;
    }
    if (this.#wallOffsetMs === undefined && this.#config.programDateTimeMs !== undefined) {
      return checkDate("programDateTimeMs", this.#config.programDateTimeMs) - startMs;
    }
    // A part comes when its last sample is there, so its first one was that much earlier.
    const wallMs = programDateTimeMs ?? this.#config.wallMs() - info.durationMs;
    return checkDate("programDateTimeMs", wallMs) - startMs;
  }

  /** Closes the open segment and opens the next one. */
  #open(wallOffsetMs: number): Msn | undefined {
    this.#segmentStartMs = this.#segmentEndMs;
    const closedMsn = this.#log.closeSegment();
    const discontinuity = this.#discontinuityNext;
    const statesMap = this.#pendingInit !== undefined;
    if (discontinuity) this.#discontinuitySequence++;
    this.#wallOffsetMs = wallOffsetMs;
    this.#initUri = this.#pendingInit ?? this.#initUri;
    this.#pendingInit = undefined;
    this.#discontinuityNext = false;
    const statesKeys = statesMap || this.#pendingKeys !== undefined;
    const before = this.#keys;
    const keys = this.#pendingKeys ?? before;
    this.#keys = keys;
    this.#pendingKeys = undefined;
    // 4.4.4.4: a KEY holds for a MAP behind it too. Ours are clear, so the MAP stands before the keys, behind a NONE if need be.
    const clears = before.lines !== "" && (keys.lines === "" || (statesMap && before.opaque));
    // 4.4.4.9: these stand before the parent's first part.
    const openingText =
      (discontinuity ? "#EXT-X-DISCONTINUITY\n" : "") +
      (clears ? NO_KEY : "") +
      (statesMap ? this.#map(this.#initUri) : "") +
      (statesKeys ? keys.lines : "") +
      programDateTime(this.#segmentStartMs + wallOffsetMs);
    const firstPartId = this.#nextPartId;
    const [epoch, initUri] = [this.#epoch, this.#initUri];
    const wallMs = this.#segmentStartMs + wallOffsetMs;
    this.#log.openSegment({
      firstPartId,
      epoch,
      initUri,
      keys,
      statesKeys,
      wallMs,
      discontinuity,
      statesMap,
      openingText,
    });
    return closedMsn;
  }

  #partUri(id: PartId): string {
    return `${this.#epoch}/part-${id}.${this.#config.container}`;
  }

  /** Where a part is found: in a file of its own, or in its segment, behind what that holds already. */
  #partPlace(segment: Segment, id: PartId, { sizeBytes, gap = false }: PartInfo): string {
    // A gap has no bytes, and its URI answers 404 (rule 25).
    if (this.#config.parts === "files" || gap) return `URI="${this.#partUri(id)}"`;
    return `URI="${this.#segmentUri(segment.msn)}",BYTERANGE="${sizeBytes}@${segment.sizeBytes}"`;
  }

  #segmentUri(msn: Msn): string {
    return `${this.#epoch}/seg-${msn}.${this.#config.container}`;
  }

  /**
   * The next part's place. A file's URI does not depend on its segment, so the hint is right even where that part opens one
   * (rule 40). A range is behind the open segment unless it is known that the part opens another.
   */
  #hint(): string {
    if (this.#config.parts === "files") return `URI="${this.#partUri(this.#nextPartId)}"`;
    const { open, nextMsn } = this.#log;
    const isChanged = this.#discontinuityNext || this.#pendingInit !== undefined || this.#pendingKeys !== undefined;
    if (open !== undefined && !isChanged && open.partCount < this.#config.maxPartsPerSegment)
      return `URI="${this.#segmentUri(open.msn)}",BYTERANGE-START=${open.sizeBytes}`;
    return `URI="${this.#segmentUri(open === undefined ? nextMsn : open.msn + 1)}",BYTERANGE-START=0`;
  }

  #map(uri: string): string {
    return this.#config.container === "vtt" ? "" : `#EXT-X-MAP:URI="${uri}"\n`;
  }

  /** The MAP and the keys in effect at a segment, unless its own lines state them. */
  #mapBefore(msn: Msn): string {
    const segment = this.#log.get(msn);
    if (segment === undefined) return this.#map(this.#initUri) + this.#keys.lines;
    return (segment.statesMap ? "" : this.#map(segment.initUri)) + (segment.statesKeys ? "" : segment.keys.lines);
  }

  #head(version: number): string {
    const { listedMsn, discontinuitySequence } = this.#log;
    // 4.4.3.5: an EVENT that has ended never changes again.
    const type = this.#config.type === "live" ? "" : `#EXT-X-PLAYLIST-TYPE:${this.#ended ? "VOD" : "EVENT"}\n`;
    return (
      `#EXTM3U\n#EXT-X-VERSION:${version}\n${this.#fixedHead}${type}` +
      `#EXT-X-MEDIA-SEQUENCE:${listedMsn}\n#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}\n`
    );
  }

  #tail(): string {
    if (this.#ended) return `${this.#reports}#EXT-X-ENDLIST\n`;
    const part = `#EXT-X-PRELOAD-HINT:TYPE=PART,${this.#hint()}\n`;
    if (this.#pendingInit === undefined) return part + this.#reports;
    return `#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="${this.#pendingInit}"\n${part}${this.#reports}`;
  }

  /** One allocation: the head, the segments from `fromMsn` on, the tail. */
  #assemble(head: string, fromMsn: Msn, dateRanges = this.#dateRanges.text()): Bytes {
    const log = this.#log;
    // 4.4.5.1: a date range needs a PROGRAM-DATE-TIME, and so a segment.
    const tail = (this.#position === undefined ? "" : dateRanges) + this.#tail();
    const plainFrom = log.plainOffset(fromMsn);
    const plainTo = log.plainOffset(log.detailMsn);
    const detailFrom = log.get(log.detailMsn)?.detailStart ?? log.detail.end;
    const detailAt = head.length + plainTo - plainFrom;
    const tailAt = detailAt + log.detail.end - detailFrom;
    const bytes = new Uint8Array(tailAt + tail.length);
    writeAscii(bytes, 0, head);
    log.plain.copyTo(bytes, head.length, plainFrom, plainTo);
    log.detail.copyTo(bytes, detailAt, detailFrom, log.detail.end);
    writeAscii(bytes, tailAt, tail);
    return bytes;
  }
}
