import type { SlotRing } from "../cache/slot-ring.ts";
import { hasSameTracks, type InitSegment, type InitTrack, parseInitSegment } from "../media/init-segment.ts";
import type { PartPiece } from "../media/media-part.ts";
import { checkMpegTs } from "../media/mpeg-ts.ts";
import type { Bytes } from "../model/bytes.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import { RelayError } from "../model/errors.ts";
import type { Msn, PartPosition } from "../model/ids.ts";
import { isOpaque, type MediaKey } from "../model/media-key.ts";
import type { MediaSource } from "../model/stats.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { PartInfo, PartPlacement } from "../playlist/manifest-types.ts";
import { checkDate } from "../playlist/tags.ts";
import type { Recorder } from "./archive.ts";
import { BitRate } from "./bit-rate.ts";
import { type CutPart, cutMedia, cutOpaque, cutText, type PartLimits, ROUNDING_MS } from "./part-cutter.ts";
import { CATCH_UP_MS } from "./reload.ts";
import type { RenditionParts } from "./rendition-parts.ts";
import type { RenditionStart } from "./rendition-start.ts";
import { Timeline } from "./timeline.ts";

/** A part as it comes from a producer. The rendition keeps `bytes` as they are: they must never change afterwards. */
export interface PartInput {
  /** One or more moof+mdat; a WebVTT file, or a segment of MPEG-TS, where the rendition is of these. */
  readonly bytes: Bytes;
  /** What it lasts in ms, as the producer says. The samples are measured, and win, with a warning in the stats; only text needs it. */
  readonly durationMs?: number;
  /** Whether it starts with a key frame. Heard where its samples cannot be read, since it is encrypted whole. Default false. */
  readonly independent?: boolean;
  /** Wall clock of the first sample, in ms since the Unix epoch. Default: now, less the part's duration. */
  readonly programDateTimeMs?: number;
  /** Where its bytes came from. Default `page`. */
  readonly source?: MediaSource;
  /** Others follow at once, as of a stream that is joined: a first playlist waits for them. Default false. */
  readonly more?: boolean;
}

/** Where a part was put. */
export interface AddedPart {
  /** The last part that was made: one input makes several when it has to be split. */
  readonly position: PartPosition;
  /** Set when a segment was opened: what a successor must know to go on from its first part. */
  readonly segmentStart?: RenditionStart;
}

/** What an intake had come to in an earlier run. */
export interface IntakeBefore {
  readonly init?: InitSegment;
  readonly initIndex?: number;
  readonly isOpaque?: boolean;
  readonly lastPartAtMs?: number;
  readonly bitRate?: BitRate;
}

export interface IntakeContext extends RenditionParts {
  readonly start: RenditionStart;
  /** Default nothing. */
  readonly before?: IntakeBefore;
  /** Most bytes of one part. */
  readonly maxPartBytes: number;
  /** Whether what is listed is fetchable without the ring. */
  isArchived(): boolean;
  /** A part is listed: who waits for it can be answered. */
  listed(position: PartPosition): void;
  /** Something that the other renditions may wait for has changed. */
  advanced(): void;
  /** An event can keep no more: the whole stream ends. */
  full(): void;
}

/** What a producer says of a part that its bytes do not. */
type Said = { readonly [Key in "programDateTimeMs" | "source"]: PartInput[Key] | undefined };

/** What a rendition has taken that was not as it should be. */
export interface IntakeStats {
  readonly warnings: number;
  readonly lastWarning?: string;
  readonly refused: number;
  readonly lastRefusal?: string;
}

/**
 * Takes the media of one rendition in: measures it, cuts it, stores it, lists it. All of it is synchronous, and what is refused
 * changes nothing.
 */
export class Intake {
  readonly #context: IntakeContext;
  readonly #ring: SlotRing;
  readonly #manifest: M3u8Manifest;
  readonly #bitRate: BitRate;
  readonly #limits: PartLimits;
  readonly #timeline: Timeline;
  #init: InitSegment | undefined;
  #initIndex: number;
  /** Parts are encrypted whole: no box can be read. */
  #isOpaque: boolean;
  #warnings = 0;
  #lastWarning: string | undefined;
  #refused = 0;
  #lastRefusal: string | undefined;
  #lastPartAtMs: number | undefined;
  #isCatchingUp = false;
  #recorder: Recorder | undefined;
  /** The recorder knows of this one. */
  #recordedMsn: Msn | undefined;

  constructor(context: IntakeContext) {
    const { name, config, start, ring, manifest, before = {} } = context;
    this.#context = context;
    this.#ring = ring;
    this.#manifest = manifest;
    this.#init = before.init;
    this.#initIndex = before.initIndex ?? start.initIndex - 1;
    this.#isOpaque = before.isOpaque === true;
    this.#lastPartAtMs = before.lastPartAtMs;
    this.#bitRate = before.bitRate ?? new BitRate(config.targetDurationMs);
    this.#limits = { name, partTargetMs: config.partTargetMs, maxBytes: context.maxPartBytes };
    this.#timeline = new Timeline({ name, targetDurationMs: config.targetDurationMs });
  }

  /** Hears of all that is taken from now on. */
  recordTo(recorder: Recorder): void {
    this.#recorder = recorder;
  }

  /** Of the init segment in effect; none while there is none. */
  get tracks(): readonly InitTrack[] {
    return this.#init?.tracks ?? [];
  }

  /** Bit rates of what was published; undefined until a segment has closed. */
  get measured(): BitRate["measured"] {
    return this.#bitRate.measured;
  }

  /** More of what is there already follows the last part at once: what has not by now, its producer being gone, does not. */
  get isCatchingUp(): boolean {
    return this.#isCatchingUp && this.#context.clock.now() - (this.#lastPartAtMs ?? 0) < CATCH_UP_MS;
  }

  get lastPartAtMs(): number | undefined {
    return this.#lastPartAtMs;
  }

  /** Numbers of the segment that the next part opens, after what has just made it open one. */
  get next(): RenditionStart {
    return {
      firstMsn: this.#manifest.lastMsn + 1,
      firstPartId: this.#manifest.nextPartId,
      discontinuitySequence: this.#manifest.nextDiscontinuitySequence,
      initIndex: this.#initIndex + 1,
    };
  }

  get stats(): IntakeStats {
    return {
      warnings: this.#warnings,
      ...(this.#lastWarning === undefined ? {} : { lastWarning: this.#lastWarning }),
      refused: this.#refused,
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  /**
   * Another producer goes on in this playlist: with the next media sequence number, a discontinuity, an init segment of its own
   * and URIs under its own epoch. What is listed or retained stays fetchable under the old one (rules 28 and 33).
   * @throws RelayError `stream-ended`; `stream-limit` where an event's ring is full
   */
  resume(epoch: string): void {
    this.#live();
    this.#checkRoom(this.#ring.hasRoom(2, 0));
    this.#manifest.resume(epoch);
    // Who waits for the hinted part learns at once that it will not come (rule 40).
    this.#ring.skip();
    this.#context.epochs.add({
      name: epoch,
      firstPartId: this.#manifest.nextPartId,
      firstInitIndex: this.#initIndex + 1,
    });
    this.#init = undefined;
    this.#timeline.reset();
    this.#isOpaque = false;
  }

  /** @throws RelayError `malformed-init`, `part-too-large`, `stream-ended`; the init segment in effect stays */
  setInit(bytes: Bytes): void {
    this.#live();
    if (!this.#hasInit) {
      const { name, container } = this.#context;
      const parts = container === "vtt" ? "WebVTT" : "MPEG-TS";
      throw new RelayError("malformed-init", `"${name}": expected ${parts} parts alone, got an init segment`);
    }
    const init = parseInitSegment(bytes);
    this.#checkRoom(this.#ring.hasRoomForInit);
    const index = this.#initIndex + 1;
    // First, since the ring may refuse it.
    this.#ring.setInit(index, bytes);
    // 4.4.4.3: another codec or track set is a discontinuity, whether or not its producer says so.
    if (this.#init !== undefined && !hasSameTracks(this.#init, init)) this.discontinuity();
    this.#init = init;
    this.#initIndex = index;
    this.#context.m3u8s.setInit(index, bytes);
    this.#manifest.setInit(index);
    // It is hinted from now on: who waited for what follows the last part has it.
    this.#isCatchingUp = false;
    this.#recorder?.init(this.#epoch, index, bytes);
    this.#context.advanced();
  }

  /**
   * Takes one part, or one input that has to be split into several on its fragment boundaries.
   * @throws RelayError `init-missing`, `malformed-part`, `track-mismatch`, `part-too-long`, `part-too-large`,
   * `timeline-jump`, `invalid-option`; nothing changes.
   * `stream-limit` where an event's ring is full: the stream has ended then, with all that it lists
   */
  addPart(input: PartInput): AddedPart {
    this.#live();
    // Before anything is stored: who waits for the next part must not get one that is not listed.
    if (input.programDateTimeMs !== undefined) checkDate("programDateTimeMs", input.programDateTimeMs);
    const { pieces, media } = this.#cut(input);
    const warning = media && this.#timeline.check(media, input.durationMs);
    this.#checkRoom(this.#ring.hasRoom(pieces.length, input.bytes.byteLength));
    this.#isCatchingUp = input.more === true;
    let segmentStart: RenditionStart | undefined;
    let programDateTimeMs = input.programDateTimeMs;
    for (const piece of pieces) {
      const start = this.#append(piece, { programDateTimeMs, source: input.source ?? "page" });
      segmentStart = start ?? segmentStart;
      if (programDateTimeMs !== undefined) programDateTimeMs += piece.durationMs;
    }
    if (media === undefined) this.#timeline.reset();
    else this.#timeline.take(media);
    if (warning !== undefined) {
      this.#warnings += 1;
      this.#lastWarning = warning;
    }
    return this.#added(segmentStart);
  }

  /** Marks `durationMs` of media that is missing: listed with GAP=YES, answered 404 (rule 25). */
  addGap(durationMs: number): AddedPart {
    this.#live();
    const { partTargetMs } = this.#context.config;
    if (!(durationMs > 0) || durationMs > partTargetMs + ROUNDING_MS) {
      throw new RelayError("part-too-long", `gap: expected above 0 and at most ${partTargetMs} ms, got ${durationMs}`);
    }
    this.#checkRoom(this.#ring.hasRoom(1, 0));
    this.#isCatchingUp = false;
    // Who waits for the hinted part learns at once that it will not come.
    this.#ring.skip();
    this.#timeline.reset();
    const start = this.#list({ durationMs, independent: false, sizeBytes: 0, gap: true });
    return this.#added(start);
  }

  /** The next part starts a new timeline (rule 33). */
  discontinuity(): void {
    this.#live();
    this.#manifest.discontinuity();
    this.#timeline.reset();
  }

  /**
   * The parts that follow are encrypted so: the next one opens a segment, which should start with a key frame. Parts that are
   * encrypted whole (AES-128) cannot be measured: they last what is said of them, and their init segment must be clear.
   * @throws RelayError `invalid-option`, `stream-ended`
   */
  setKeys(keys: readonly MediaKey[]): void {
    this.#live();
    // Text is looked at as it comes, and its producer has nothing to hide from the page it shows it on.
    if (this.#context.isText)
      throw new RelayError("invalid-option", `"${this.#context.name}": expected no key, subtitles stay clear`);
    this.#manifest.setKeys(keys);
    this.#isOpaque = isOpaque(keys);
  }

  /**
   * Lists a date range, or adds attributes to one.
   * @throws RelayError `invalid-option`, `conflict`, `stream-limit`, `stream-ended`; nothing changes
   */
  addDateRange(options: DateRangeOptions): void {
    this.#live();
    this.#manifest.addDateRange(options);
    this.#recorder?.dateRange(options);
  }

  /** Counts a step of the producer that was refused. */
  refuse(error: RelayError): void {
    this.#refused += 1;
    this.#lastRefusal = `${error.code}: ${error.message}`;
  }

  /** An EVENT loses nothing (rule 36): where there is no room, it is over. */
  #checkRoom(hasRoom: boolean): void {
    if (hasRoom || this.#context.config.type === "live") return;
    const { capacity, sizeBytes } = this.#ring;
    this.#context.full();
    throw new RelayError(
      "stream-limit",
      `"${this.#context.name}": an event keeps everything, and its ring of ${capacity} parts holds ${sizeBytes} bytes: the stream has ended`,
    );
  }

  get #hasInit(): boolean {
    return this.#context.container === "mp4";
  }

  get #epoch(): string {
    const { last } = this.#context.epochs;
    if (last === undefined) throw new RelayError("internal", `"${this.#context.name}" has no epoch`);
    return last;
  }

  #live(): void {
    if (this.#manifest.ended)
      throw new RelayError("stream-ended", `"${this.#context.name}" has ended: expected no more media`);
  }

  #cut(input: PartInput): CutPart {
    if (this.#context.isText) return cutText(input.bytes, input.durationMs, this.#limits);
    if (!this.#hasInit) {
      // Encrypted whole, it has lost its sync bytes.
      if (!this.#isOpaque) checkMpegTs(input.bytes);
      return cutOpaque(input, this.#limits);
    }
    if (this.#init === undefined)
      throw new RelayError("init-missing", `"${this.#context.name}": expected an init segment before the first part`);
    return this.#isOpaque ? cutOpaque(input, this.#limits) : cutMedia(input.bytes, this.#init, this.#limits);
  }

  #append({ durationMs, independent, bytes }: PartPiece, said: Said): RenditionStart | undefined {
    const { programDateTimeMs, source } = said;
    this.#ring.put(this.#manifest.nextPartId, bytes);
    return this.#list(
      {
        durationMs,
        independent,
        sizeBytes: bytes.byteLength,
        programDateTimeMs: programDateTimeMs ?? this.#context.clock.wallMs() - durationMs,
      },
      { bytes, source },
    );
  }

  #list(
    info: PartInfo,
    media: { readonly bytes?: Bytes; readonly source?: MediaSource | undefined } = {},
  ): RenditionStart | undefined {
    const { durationMs, sizeBytes } = info;
    const listed = this.#manifest.addPart(info);
    const { source } = media;
    const takenAtMs = this.#context.clock.wallMs();
    this.#context.notes?.take(listed.id, { durationMs, sizeBytes, flags: listed.flags, source, takenAtMs });
    this.#record(listed, durationMs, media.bytes);
    this.#lastPartAtMs = this.#context.clock.now();
    const closed = listed.closedMsn === undefined ? undefined : this.#manifest.segment(listed.closedMsn);
    if (closed !== undefined && !closed.gap) this.#bitRate.add(closed);
    this.#keepListedFetchable();
    this.#context.listed(listed);
    this.#context.advanced();
    if (!listed.opensSegment) return undefined;
    const { segmentWallMs } = this.#manifest;
    return {
      ...(segmentWallMs === undefined ? {} : { programDateTimeMs: segmentWallMs }),
      firstMsn: listed.msn,
      firstPartId: listed.id,
      discontinuitySequence: this.#manifest.nextDiscontinuitySequence,
      // One that has none is where it was to begin.
      initIndex: this.#hasInit ? this.#initIndex : this.#initIndex + 1,
    };
  }

  #record({ id, msn, flags, opens }: PartPlacement, durationMs: number, bytes: Bytes | undefined): void {
    this.#recorder?.part({
      id,
      msn,
      durationMs,
      flags,
      ...(bytes === undefined ? {} : { bytes }),
      ...(opens === undefined ? {} : { opens }),
    });
    const { firstMsn } = this.#manifest;
    if (firstMsn === this.#recordedMsn) return;
    this.#recordedMsn = firstMsn;
    this.#recorder?.listedFrom(firstMsn);
  }

  #added(segmentStart: RenditionStart | undefined): AddedPart {
    const position = this.#manifest.position;
    if (position === undefined) throw new RelayError("internal", "a part was added and has no position");
    return segmentStart === undefined ? { position } : { position, segmentStart };
  }

  /**
   * The playlist lists at most the newer half of a ring that overflows, since what it drops stays fetchable for as long
   * again (rules 21 and 31).
   */
  #keepListedFetchable(): void {
    if (this.#context.isArchived()) return;
    // Of an archive that was lost, nothing is fetchable any more.
    this.#manifest.forgetBefore(this.#manifest.firstMsn);
    const { floorId, lastId } = this.#ring;
    if (lastId === undefined || floorId <= this.#context.start.firstPartId) return;
    this.#manifest.dropBefore(floorId + Math.floor((lastId - floorId) / 2));
  }
}
