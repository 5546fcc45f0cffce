import type { ChunkCache } from "../cache/chunk-cache.ts";
import type { CachedPlaylist, M3u8Cache, M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import type { DateRangeOptions } from "../model/date-range.ts";
import type { RelayError } from "../model/errors.ts";
import type { Msn, PartId, PartPosition } from "../model/ids.ts";
import type { MediaKey } from "../model/media-key.ts";
import type { CacheConfig, StreamConfig } from "../model/options.ts";
import { extensionOf, type MediaExtension, type RenditionConfig } from "../model/rendition-options.ts";
import type { RenditionStats } from "../model/stats.ts";
import { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { ManifestOptions } from "../playlist/manifest-options.ts";
import type { SegmentInfo } from "../playlist/manifest-types.ts";
import type { ListedRendition } from "../playlist/multivariant.ts";
import { Answers, type AnswersContext, type GrowingSegment, type ListKind } from "./answers.ts";
import type { Recorder } from "./archive.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { Epochs } from "./epochs.ts";
import type { RenditionInside } from "./inspect-stream.ts";
import { type AddedPart, Intake, type IntakeContext, type PartInput } from "./intake.ts";
import type { PartNotes } from "./part-notes.ts";
import type { ReloadAsk } from "./reload.ts";
import type { RenditionStart } from "./rendition-start.ts";
import type { RestoredRendition } from "./restored-rendition.ts";

export interface RenditionContext
  extends Pick<AnswersContext, "reports" | "together">,
    Pick<IntakeContext, "advanced" | "full"> {
  readonly stream: string;
  readonly epoch: string;
  readonly options: RenditionConfig;
  readonly config: StreamConfig;
  readonly cacheConfig: CacheConfig;
  readonly chunks: ChunkCache;
  readonly m3u8s: M3u8Cache;
  readonly clock: Clock;
  readonly start: RenditionStart;
  /** What remembers of each part what only who looks in wants to know. Default nothing. */
  readonly notes?: (capacity: number) => PartNotes;
  /** Where parts are kept beyond the ring. Default nowhere. */
  readonly archive?: ArchiveReader;
  /** What it was before. Its parts are in the archive. */
  readonly restored?: RestoredRendition;
}

/** What its rings are called. */
export const ringName = (stream: string, rendition: string): string => `${stream}/${rendition}`;

/**
 * One rendition: its ring of parts and its Media Playlist, between what comes in (`Intake`) and who asks (`Answers`).
 * Everything but waiting is synchronous, so no request ever sees a playlist that lists what the ring has not.
 */
export class Rendition {
  #options: RenditionConfig;
  readonly #context: RenditionContext;
  readonly #name: string;
  readonly #epochs: Epochs;
  readonly #ring: SlotRing;
  readonly #m3u8s: M3u8Ring;
  readonly #manifest: M3u8Manifest;
  readonly #intake: Intake;
  readonly #answers: Answers;
  /** Those that were in its record. */
  readonly #restoredDependent: number;

  /**
   * @throws RelayError `stream-limit` when no ring is free; `invalid-option`, `malformed-init` for a record that is none
   * @internal
   */
  constructor(context: RenditionContext) {
    const { config, clock, cacheConfig, options, archive, restored } = context;
    const start = restored?.start ?? context.start;
    const recorded = restored?.epochs ?? [];
    const [{ name: epoch } = { name: context.epoch }] = recorded;
    const name = ringName(context.stream, options.id);
    this.#options = options;
    this.#context = context;
    this.#name = name;
    this.#epochs = new Epochs(
      recorded.length > 0
        ? recorded
        : [{ name: epoch, firstPartId: start.firstPartId, firstInitIndex: start.initIndex }],
    );
    const manifestOptions: ManifestOptions = {
      partTargetMs: config.partTargetMs,
      targetDurationMs: config.targetDurationMs,
      segmentMinMs: segmentMinMsOf(options, config),
      maxSegments: cacheConfig.maxSegments,
      maxPartsPerSegment: cacheConfig.maxPartsPerSegment,
      epoch,
      type: config.type,
      parts: this.isText ? "files" : config.parts,
      canSkipDateRanges: config.skipDateRanges,
      // Nothing leaves an event's list, so it is its own DVR window.
      dvr: archive !== undefined && config.type === "live",
      container: this.container,
      firstMsn: start.firstMsn,
      firstPartId: start.firstPartId,
      discontinuitySequence: start.discontinuitySequence,
      wallMs: () => clock.wallMs(),
      ...(start.programDateTimeMs === undefined ? {} : { programDateTimeMs: start.programDateTimeMs }),
    };
    const manifest = restored?.manifest(manifestOptions) ?? new M3u8Manifest(manifestOptions);
    this.#manifest = manifest;
    this.#restoredDependent = restored?.dependentSegments ?? 0;
    // What was before is in the archive alone.
    this.#ring = context.chunks.open(name, { firstId: manifest.nextPartId, pinned: config.type === "event" });
    this.#m3u8s = context.m3u8s.open(name);
    for (const { index, bytes } of restored?.inits ?? []) {
      this.#ring.setInit(index, bytes);
      this.#m3u8s.setInit(index, bytes);
    }
    const notes = context.notes?.(this.#ring.capacity);
    const shared = {
      name,
      isText: this.isText,
      container: this.container,
      config,
      ring: this.#ring,
      m3u8s: this.#m3u8s,
      manifest,
      epochs: this.#epochs,
      clock,
      notes,
    };
    const { targetDurationMs } = config;
    const before = restored?.intake({ name, manifest, hasInit: this.container === "mp4", targetDurationMs, notes });
    this.#answers = new Answers({
      ...shared,
      ...(archive === undefined ? {} : { archive }),
      isCatchingUp: () => this.#intake.isCatchingUp,
      reports: (list) => context.reports(list),
      together: (deadlineMs, signal) => context.together(deadlineMs, signal),
    });
    this.#intake = new Intake({
      ...shared,
      start,
      ...(before === undefined ? {} : { before }),
      maxPartBytes: Math.min(cacheConfig.maxBytesPerPlaylist, cacheConfig.maxBytes),
      isArchived: () => archive?.available === true,
      listed: (position) => this.#answers.listed(position),
      advanced: () => context.advanced(),
      full: () => context.full(),
    });
    // The producer had changed, and had published nothing here yet.
    if (this.#epochs.last !== context.epoch) this.resume(context.epoch, options);
  }

  /**
   * Tells a recorder all that is taken from now on.
   * @internal
   */
  recordTo(recorder: Recorder): void {
    this.#intake.recordTo(recorder);
  }

  /**
   * The archive lets go of what is before this segment: the DVR window starts there.
   * @internal
   */
  forgetBefore(msn: Msn): void {
    this.#manifest.forgetBefore(msn);
  }

  /** As it was declared, checked. */
  get options(): RenditionConfig {
    return this.#options;
  }

  /** Whether its parts are WebVTT files, without an init segment. */
  get isText(): boolean {
    return this.options.kind === "subtitles";
  }

  /** What its parts are: there is an init segment of `mp4` alone. */
  get container(): MediaExtension {
    return extensionOf(this.options);
  }

  /** `text/vtt`, `video/mp2t`, `video/mp4`, or `audio/mp4` where there is no video (rule 60). */
  get contentType(): string {
    if (this.isText) return "text/vtt";
    if (this.container === "ts") return "video/mp2t";
    const { tracks } = this.#intake;
    return tracks.length > 0 && tracks.every((track) => track.kind === "audio") ? "audio/mp4" : "video/mp4";
  }

  /** Where its last part stands; undefined before the first. */
  get position(): PartPosition | undefined {
    return this.#manifest.position;
  }

  /**
   * Where the playlists of the others should say that this one stands.
   * @internal
   */
  get reportPosition(): PartPosition | undefined {
    return this.#manifest.reportPosition;
  }

  /**
   * Wall clock of the end of its last part; undefined before the first.
   * @internal
   */
  get endWallMs(): number | undefined {
    return this.#manifest.endWallMs;
  }

  /**
   * As the Multivariant Playlist lists it; without codecs while nothing says which.
   * @internal
   */
  get listed(): ListedRendition {
    const { tracks, measured } = this.#intake;
    const read = tracks.map(({ codec }) => codec).filter((codec) => codec !== undefined);
    const codecs = this.options.codecs ?? (read.length > 0 ? read.join(",") : undefined);
    const { width, height } = tracks.find(({ kind }) => kind === "video") ?? {};
    return {
      ...(width === undefined || height === undefined ? {} : { width, height }),
      ...this.options,
      ...(codecs === undefined ? {} : { codecs }),
      ...(measured === undefined ? {} : { measured }),
    };
  }

  /**
   * Segments that had to open without an independent frame (rule 26).
   * @internal
   */
  get dependentSegments(): number {
    return this.#restoredDependent + this.#manifest.stats.dependentSegments;
  }

  /**
   * EXT-X-SESSION-KEY lines.
   * @internal
   */
  get sessionKeys(): string {
    return this.#manifest.sessionKeys;
  }

  /** No more parts come. */
  get ended(): boolean {
    return this.#manifest.ended;
  }

  /** What the live playlist lists, in ms. */
  get windowMs(): number {
    return this.#manifest.listedDurationMs;
  }

  /** What the DVR window lists, in ms; that of the playlist where nothing is kept beyond it. */
  get dvrWindowMs(): number {
    return this.#manifest.dvrDurationMs;
  }

  /** What the DVR window lists, oldest first; the last one may still grow. */
  get listedSegments(): readonly SegmentInfo[] {
    const segments: SegmentInfo[] = [];
    for (let msn = this.#manifest.dvrFirstMsn; msn <= this.#manifest.lastMsn; msn++) {
      const segment = this.#manifest.segment(msn);
      if (segment !== undefined) segments.push(segment);
    }
    return segments;
  }

  /** Bytes of its parts in the ring. */
  get sizeBytes(): number {
    return this.#ring.sizeBytes;
  }

  /** Monotonic time of the host's clock at which its last part came; undefined before the first. */
  get lastPartAtMs(): number | undefined {
    return this.#intake.lastPartAtMs;
  }

  /**
   * Numbers of the segment that the next part opens, after what has just made it open one.
   * @internal
   */
  get next(): RenditionStart {
    return this.#intake.next;
  }

  /**
   * Where a stream that takes this one's name must start, so that no number of it is used again (rule 28).
   * @internal
   */
  get successor(): RenditionStart {
    const { next } = this;
    // Its timestamps start anew (rule 33); the part that is hinted here never comes.
    return {
      ...next,
      firstPartId: next.firstPartId + 1,
      discontinuitySequence: next.discontinuitySequence + 1,
    };
  }

  /**
   * Another producer goes on in this playlist: with the next media sequence number, a discontinuity, an init segment of its own
   * and URIs under its own epoch. What is listed or retained stays fetchable under the old one (rules 28 and 33).
   * @throws RelayError `stream-ended`; `stream-limit` where an event's ring is full
   * @internal
   */
  resume(epoch: string, options: RenditionConfig): void {
    this.#intake.resume(epoch);
    this.#manifest.setSegmentMin(segmentMinMsOf(options, this.#context.config));
    this.#options = options;
    this.#context.advanced();
  }

  /**
   * Sets the init segment (ftyp+moov) of the parts that follow. The bytes are kept as they are, and must not change.
   * @throws RelayError `malformed-init`, `part-too-large`, `stream-ended`; the init segment in effect stays
   */
  setInit(bytes: Bytes): void {
    this.#intake.setInit(bytes);
  }

  /**
   * Takes one part, or one input that has to be split into several on its fragment boundaries.
   * @throws RelayError `init-missing`, `malformed-part`, `track-mismatch`, `part-too-long`, `part-too-large`, `timeline-jump`, `invalid-option`,
   * `stream-ended`; nothing changes. `stream-limit` where an event's ring is full: the stream has ended then
   */
  addPart(input: PartInput): AddedPart {
    return this.#intake.addPart(input);
  }

  /**
   * Marks `durationMs` of media that is missing: listed with GAP=YES, answered 404 (rule 25).
   * @throws RelayError `part-too-long`, `stream-ended`; `stream-limit` where an event's ring is full
   */
  addGap(durationMs: number): AddedPart {
    return this.#intake.addGap(durationMs);
  }

  /** The next part starts a new timeline (rule 33). @throws RelayError `stream-ended` */
  discontinuity(): void {
    this.#intake.discontinuity();
  }

  /** The parts that follow are encrypted so. @throws RelayError `invalid-option`, `stream-ended` */
  setKeys(keys: readonly MediaKey[]): void {
    this.#intake.setKeys(keys);
  }

  /**
   * Lists a date range, or adds attributes to one.
   * @throws RelayError `invalid-option`, `conflict`, `stream-limit`, `stream-ended`; nothing changes
   */
  addDateRange(options: DateRangeOptions): void {
    this.#intake.addDateRange(options);
  }

  /**
   * Counts a step of the producer that was refused.
   * @internal
   */
  refuse(error: RelayError): void {
    this.#intake.refuse(error);
  }

  /** No more parts: ENDLIST, and every waiter is answered at once (rule 57). */
  end(): void {
    if (this.#manifest.ended) return;
    this.#manifest.end();
    this.#answers.close();
    this.#context.advanced();
  }

  /**
   * The Media Playlist; see `Answers.playlist()`.
   * @internal
   */
  playlist(ask: ReloadAsk, list: ListKind, signal?: AbortSignal): CachedPlaylist | Promise<CachedPlaylist> {
    return this.#answers.playlist(ask, list, signal);
  }

  /** A part; the one that is hinted comes when it is there (rules 40 and 63). Undefined: 404. */
  part(epoch: string, id: PartId, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    return this.#answers.part(epoch, id, signal);
  }

  /**
   * A segment that still grows; see `Answers.growing()`.
   * @internal
   */
  growing(epoch: string, msn: Msn, fromBytes: number, signal?: AbortSignal): Promise<GrowingSegment | undefined> {
    return this.#answers.growing(epoch, msn, fromBytes, signal);
  }

  /**
   * Whether a segment of this number may still grow, and is asked for by range.
   * @internal
   */
  grows(msn: Msn): boolean {
    return this.#answers.grows(msn);
  }

  /** The parts of a closed segment, in order: together they are the segment (rule 18). Undefined: 404. */
  segment(
    epoch: string,
    msn: Msn,
    signal?: AbortSignal,
  ): readonly Bytes[] | undefined | Promise<readonly Bytes[] | undefined> {
    return this.#answers.segment(epoch, msn, signal);
  }

  /** An init segment. Undefined: 404. */
  init(epoch: string, index: number, signal?: AbortSignal): Bytes | undefined | Promise<Bytes | undefined> {
    return this.#answers.init(epoch, index, signal);
  }

  /** Answers every blocked request now, with what there is. Returns how many there were. */
  drain(): number {
    return this.#answers.drain();
  }

  /**
   * For who looks into it: `inspectStream()`.
   * @internal
   */
  get inside(): RenditionInside {
    return this.#answers.inside;
  }

  /** xxHash64 of a part that is in the ring. */
  hashOf(id: PartId): bigint | undefined {
    return this.#ring.get(id)?.hash;
  }

  /**
   * Frees the rings. Readers keep the views they hold.
   * @internal
   */
  close(): void {
    this.end();
    this.#context.chunks.close(this.#name);
    this.#context.m3u8s.close(this.#name);
  }

  /** How it stands. */
  get stats(): RenditionStats {
    const manifest = this.#manifest;
    const ring = this.#ring.stats;
    const last = manifest.position;
    const { codecs } = this.listed;
    return {
      id: this.options.id,
      kind: this.options.kind,
      ...(codecs === undefined ? {} : { codecs }),
      ...(last === undefined ? {} : { last }),
      firstMsn: manifest.firstMsn,
      segments: manifest.closedSegmentCount,
      windowMs: manifest.listedDurationMs,
      dvrWindowMs: manifest.dvrDurationMs,
      parts: ring.count,
      sizeBytes: ring.sizeBytes,
      ...this.#answers.stats,
      shortParts: manifest.stats.shortParts,
      ...this.#intake.stats,
    };
  }
}

function segmentMinMsOf({ segmentMinMs }: RenditionConfig, config: StreamConfig): number {
  return Math.min(segmentMinMs ?? config.segmentMinMs, config.targetDurationMs);
}
