import type { Bytes } from "../model/bytes.ts";
import type { Msn, PartId } from "../model/ids.ts";
import type { DateRanges } from "./date-ranges.ts";
import type { KeyState } from "./key-tags.ts";
import type { ListWindow } from "./list-window.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import type { RenditionReport } from "./manifest-types.ts";
import type { SegmentLog } from "./segment-log.ts";
import {
  type InitRef,
  initUri,
  type MediaState,
  mapLine,
  partUri,
  STATES_INIT,
  STATES_KEYS,
  segmentUri,
} from "./segment-text.ts";
import { quoted, seconds } from "./tags.ts";
import { asciiBytes } from "./text-buffer.ts";

/**
 * Section 8: EXT-X-MAP needs 6, and a playlist without one 3 for its decimals; EXT-X-SKIP needs 9, and only a delta holds
 * one; SERVER-CONTROL needs nothing.
 */
const VERSION = { mp4: 6, ts: 3, vtt: 3 } as const;
const DELTA_VERSION = 9;
/** EXT-X-SKIP that stands for date ranges too. */
const DELTA_V2_VERSION = 10;

/** What a manifest knows beside its segments. The manifest writes it, the renderers of its lists read it. */
export interface ManifestState extends MediaState {
  epoch: string;
  init: InitRef;
  keys: KeyState;
  /** What the next part changes. */
  pendingInit: InitRef | undefined;
  pendingKeys: KeyState | undefined;
  discontinuityNext: boolean;
  nextPartId: PartId;
  ended: boolean;
}

/** A head that was made for one place of a list. */
interface Head {
  readonly firstMsn: Msn;
  readonly fromMsn: Msn;
  readonly ended: boolean;
  readonly bytes: Bytes;
}

/**
 * One list over the segments of a log as text: a head, views of the log's own text, a tail. What it costs to render does not
 * depend on how much is listed.
 */
export class ListRenderer {
  readonly #config: ManifestConfig;
  readonly #log: SegmentLog;
  readonly #state: Readonly<ManifestState>;
  readonly #window: ListWindow;
  readonly #dateRanges: DateRanges;
  readonly #isDvr: boolean;
  /** Header lines after EXT-X-VERSION; the same for ever (rules 5 and 9). */
  readonly #fixedHead: string;
  #reports = "";
  #full: readonly Bytes[] | undefined;
  #delta: readonly Bytes[] | undefined;
  #deltaV2: readonly Bytes[] | undefined;
  #tail: Bytes | undefined;
  #fullHead: Head | undefined;
  #deltaHead: Head | undefined;

  constructor(list: {
    readonly config: ManifestConfig;
    readonly log: SegmentLog;
    readonly state: Readonly<ManifestState>;
    readonly dateRanges: DateRanges;
    readonly list: "live" | "dvr";
  }) {
    this.#config = list.config;
    this.#log = list.log;
    this.#state = list.state;
    this.#window = list.log[list.list];
    this.#dateRanges = list.dateRanges;
    this.#isDvr = list.list === "dvr";
    this.#fixedHead = fixedHead(list.config);
  }

  /** Forgets what was rendered. */
  changed(): void {
    this.#full = undefined;
    this.#delta = undefined;
    this.#deltaV2 = undefined;
    this.#tail = undefined;
  }

  /** @throws RelayError `invalid-option` for a URI that cannot stand in a quoted-string */
  setReports(reports: readonly RenditionReport[]): void {
    let text = "";
    for (const { uri, lastMsn, lastPart } of reports) {
      text += `#EXT-X-RENDITION-REPORT:URI=${quoted("report URI", uri)},LAST-MSN=${lastMsn},LAST-PART=${lastPart}\n`;
    }
    if (text === this.#reports) return;
    this.#reports = text;
    this.changed();
  }

  render(): readonly Bytes[] {
    if (this.#full !== undefined) return this.#full;
    const { firstMsn } = this.#window;
    const version = VERSION[this.#config.container];
    this.#fullHead = this.#keptHead(this.#fullHead, firstMsn, () => this.#head(version) + this.#mediaBefore(firstMsn));
    this.#full = this.#assemble(this.#fullHead.bytes, firstMsn, this.#wholeTail());
    return this.#full;
  }

  renderDelta(): readonly Bytes[] | undefined {
    const skipMsn = this.#skipMsn;
    if (skipMsn === undefined || this.#delta !== undefined) return this.#delta;
    const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipMsn - this.#window.firstMsn}\n`;
    // The MAP stands after the SKIP: hls.js takes the wrong init segment from one before it (rule 48).
    const text = (): string => this.#head(DELTA_VERSION) + skip + this.#mediaBefore(skipMsn);
    this.#deltaHead = this.#keptHead(this.#deltaHead, skipMsn, text);
    this.#delta = this.#assemble(this.#deltaHead.bytes, skipMsn, this.#wholeTail());
    return this.#delta;
  }

  renderDeltaV2(): readonly Bytes[] | undefined {
    const skipMsn = this.#skipMsn;
    if (!this.#config.canSkipDateRanges || skipMsn === undefined || this.#deltaV2 !== undefined) return this.#deltaV2;
    const since = this.#log.endTicks - this.#config.targetDuration * 6;
    const removed = this.#dateRanges.removedSince(since);
    const skip = `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipMsn - this.#window.firstMsn},RECENTLY-REMOVED-DATERANGES="${removed}"\n`;
    const head = asciiBytes(this.#head(DELTA_V2_VERSION) + skip + this.#mediaBefore(skipMsn));
    this.#deltaV2 = this.#assemble(head, skipMsn, asciiBytes(this.#tailText(this.#dateRanges.text(since))));
    return this.#deltaV2;
  }

  /** First segment that a delta holds; undefined where nothing can be skipped. */
  get #skipMsn(): Msn | undefined {
    const { firstMsn } = this.#window;
    const { skipMsn } = this.#log;
    return this.#state.ended || skipMsn <= firstMsn ? undefined : skipMsn;
  }

  /** Heads change with the segments, not with the parts: most renderings find the last one still true. */
  #keptHead(kept: Head | undefined, fromMsn: Msn, text: () => string): Head {
    const { firstMsn } = this.#window;
    const { ended } = this.#state;
    const isTrue = kept?.firstMsn === firstMsn && kept.fromMsn === fromMsn && kept.ended === ended;
    // Before its first part a list has the init segment and the keys of whatever comes.
    if (isTrue && this.#log.get(fromMsn) !== undefined) return kept;
    return { firstMsn, fromMsn, ended, bytes: asciiBytes(text()) };
  }

  /** The MAP and the keys in effect at a segment, unless its own lines state them. */
  #mediaBefore(msn: Msn): string {
    const { init, keys, states = 0 } = this.#log.get(msn) ?? (this.#state as MediaState & { states?: number });
    return (states & STATES_INIT ? "" : mapLine(this.#config, init)) + (states & STATES_KEYS ? "" : keys.lines);
  }

  #head(version: number): string {
    const { firstMsn, discontinuitySequence } = this.#window;
    return (
      `#EXTM3U\n#EXT-X-VERSION:${version}\n${this.#fixedHead}${this.#type()}` +
      `#EXT-X-MEDIA-SEQUENCE:${firstMsn}\n#EXT-X-DISCONTINUITY-SEQUENCE:${discontinuitySequence}\n`
    );
  }

  #type(): string {
    const { ended } = this.#state;
    // 4.4.3.5: an EVENT that has ended never changes again, and neither does a recording. A window that slides has no type.
    if (ended && (this.#isDvr || this.#config.type === "event")) return "#EXT-X-PLAYLIST-TYPE:VOD\n";
    return this.#config.type === "event" ? "#EXT-X-PLAYLIST-TYPE:EVENT\n" : "";
  }

  #wholeTail(): Bytes {
    this.#tail ??= asciiBytes(this.#tailText(this.#dateRanges.text()));
    return this.#tail;
  }

  #tailText(dateRanges: string): string {
    // 4.4.5.1: a date range needs a PROGRAM-DATE-TIME, and so a segment.
    const ranges = this.#log.endTicks === 0 ? "" : dateRanges;
    const { ended, pendingInit } = this.#state;
    if (ended) return `${ranges}${this.#reports}#EXT-X-ENDLIST\n`;
    const map = pendingInit === undefined ? "" : `#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="${initUri(pendingInit)}"\n`;
    return `${ranges}${map}#EXT-X-PRELOAD-HINT:TYPE=PART,${this.#hint()}\n${this.#reports}`;
  }

  /**
   * The next part's place. A file's URI does not depend on its segment, so the hint is right even where that part opens one
   * (rule 40). A range is behind the open segment unless it is known that the part opens another.
   */
  #hint(): string {
    const { epoch, nextPartId, discontinuityNext, pendingInit, pendingKeys } = this.#state;
    const config = this.#config;
    if (config.parts === "files") return `URI="${partUri(config, epoch, nextPartId)}"`;
    const { open, nextMsn } = this.#log;
    const isChanged = discontinuityNext || pendingInit !== undefined || pendingKeys !== undefined;
    if (open !== undefined && !isChanged && open.partCount < config.maxPartsPerSegment)
      return `URI="${segmentUri(config, epoch, open.msn)}",BYTERANGE-START=${open.sizeBytes}`;
    return `URI="${segmentUri(config, epoch, open === undefined ? nextMsn : open.msn + 1)}",BYTERANGE-START=0`;
  }

  /** The head, the segments from `fromMsn` on, the tail. */
  #assemble(head: Bytes, fromMsn: Msn, tail: Bytes): readonly Bytes[] {
    const log = this.#log;
    const detailMsn = Math.max(log.detailMsn, fromMsn);
    const chunks = [head];
    log.plain.pushViews(chunks, log.plainOffset(fromMsn), log.plainOffset(detailMsn));
    log.detail.pushViews(chunks, log.detailOffset(detailMsn), log.detail.end);
    chunks.push(tail);
    return chunks;
  }
}

function fixedHead({ targetDuration, targetDurationS, partTarget, canSkipDateRanges }: ManifestConfig): string {
  return (
    `#EXT-X-TARGETDURATION:${targetDurationS}\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES` +
    `,CAN-SKIP-UNTIL=${seconds(targetDuration * 6)}${canSkipDateRanges ? ",CAN-SKIP-DATERANGES=YES" : ""}` +
    `,PART-HOLD-BACK=${seconds(partTarget * 3)},HOLD-BACK=${seconds(targetDuration * 3)}\n` +
    `#EXT-X-PART-INF:PART-TARGET=${seconds(partTarget)}\n`
  );
}
