import { writePart } from "../media/part-writer.ts";
import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import { type WrittenInit, writeInit } from "./init-writer.ts";
import type { LiveStats } from "./live-source.ts";
import type { CaptureStats, FromCaptureWorker } from "./messages.ts";
import { type CutPart, PartCutter } from "./part-cutter.ts";
import { PartOutbox } from "./part-outbox.ts";
import type { EncodedPacket, OpenSource, PacketSink, RunningSource, TrackDescription } from "./source.ts";

export interface CaptureSessionOptions {
  readonly source: OpenSource;
  /** Posts to the page; `transfer` lists what goes with the message. */
  readonly post: (message: FromCaptureWorker, transfer?: Transferable[]) => void;
  readonly clock?: Clock;
}

/** A source that gives figures; files do not. */
type MaybeMeasured = RunningSource & { readonly stats?: LiveStats };

const STATS_EVERY_MS = 1_000;
/** How long the last parts wait for a page that takes none. */
const DRAIN_DEADLINE_MS = 3_000;
/** A playlist states the peak rate; key frames and small parts go over what an encoder was asked for. */
const PEAK_FACTOR = 1.5;

/** Id of the only rendition. */
const MAIN = "main";

/** One capture: packets of a source become parts, in order and within the page's credit. */
export class CaptureSession implements PacketSink {
  readonly #source: OpenSource;
  readonly #post: CaptureSessionOptions["post"];
  readonly #clock: Clock;
  readonly #cutter: PartCutter;
  readonly #outbox: PartOutbox;
  /** By generation of the cutter; an init segment that is still being written is a promise. */
  readonly #inits: Promise<WrittenInit>[] = [];
  readonly #trackIds: readonly number[];
  #tracks: readonly TrackDescription[];
  /** Writes parts in order, also while an init segment is being written. */
  #writing: Promise<void> = Promise.resolve();
  #running: MaybeMeasured | undefined;
  #startWallMs = 0;
  #firstUs: number | undefined;
  #sequenceNumber = 0;
  #generation = 0;
  #bytes = 0;
  #cancelStats: (() => void) | undefined;
  #lastEncoded = 0;
  #lastStatsMs = 0;
  #overlong = 0;

  /** @throws RelayError `unsupported-media` */
  static async open(options: CaptureSessionOptions): Promise<CaptureSession> {
    return new CaptureSession(options, await writeInit(options.source.tracks));
  }

  private constructor({ source, post, clock = systemClock }: CaptureSessionOptions, init: WrittenInit) {
    this.#source = source;
    this.#post = post;
    this.#clock = clock;
    this.#tracks = source.tracks;
    this.#inits.push(Promise.resolve(init));
    this.#trackIds = init.segment.tracks.map((track) => track.id);
    this.#outbox = new PartOutbox({
      send: (item) =>
        item.type === "part"
          ? post({ type: "part", part: { ...item.part, rendition: MAIN } }, [item.part.bytes.buffer])
          : post({ type: "init", rendition: MAIN, init: item.init }),
      onLost: (lostMs) =>
        this.warn("deadline", `${Math.round(lostMs)} ms of media were let go: the page took no part in time`),
    });
    this.#cutter = new PartCutter({
      tracks: init.segment.tracks.map((track, i) => ({
        kind: source.tracks[i]?.kind ?? "video",
        trackId: track.id,
        timescale: track.timescale,
        reorderDepth: source.tracks[i]?.reorderDepth ?? 0,
      })),
      partTargetMs: source.partTargetMs,
      onPart: (part) => {
        this.#writing = this.#writing.then(() => this.#write(part)).catch((thrown: unknown) => this.#fail(thrown));
      },
    });
    post({
      type: "ready",
      renditions: [{ id: MAIN, ...describeRendition(source.tracks, init), init: init.bytes }],
      partTargetMs: source.partTargetMs,
      targetDurationMs: source.targetDurationMs,
    });
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#startWallMs = this.#clock.wallMs();
    this.#lastStatsMs = this.#clock.now();
    const running: MaybeMeasured = this.#source.start(this);
    this.#running = running;
    this.#cancelStats = this.#clock.after(STATS_EVERY_MS, () => this.#report());
    running.ended.then(
      () => this.#finish(),
      (thrown: unknown) => this.#finish(thrown),
    );
  }

  stop(): void {
    this.#running?.stop();
    this.#outbox.release();
    if (this.#running === undefined) this.#post({ type: "ended" });
  }

  ack(): void {
    this.#outbox.ack();
  }

  packet(packet: EncodedPacket): void {
    this.#firstUs ??= packet.timestampUs;
    this.#cutter.push(packet);
    if (this.#cutter.overlong === this.#overlong) return;
    this.#overlong = this.#cutter.overlong;
    this.warn(
      "part-too-long",
      `a picture stood longer than the part target of ${this.#source.partTargetMs} ms: a hole follows it`,
    );
  }

  reconfigure(track: TrackDescription): void {
    this.#tracks = this.#tracks.map((known) => (known.kind === track.kind ? track : known));
    const init = writeInit(this.#tracks);
    init.catch(() => undefined); // told when the first part needs it
    this.#inits.push(init);
    this.#cutter.reconfigure();
  }

  ready(): Promise<void> {
    return this.#outbox.ready();
  }

  warn(code: RelayErrorCode, message: string): void {
    this.#post({ type: "warning", code, message });
  }

  async #write(part: CutPart): Promise<void> {
    for (; this.#generation < part.generation; this.#generation++) {
      const init = await this.#inits[this.#generation + 1];
      if (init === undefined) break;
      if (init.segment.tracks.some((track, i) => track.id !== this.#trackIds[i])) {
        throw new RelayError("track-mismatch", "expected an encoder started again to keep its tracks");
      }
      this.#outbox.init(init.bytes);
    }
    const bytes = writePart({ sequenceNumber: ++this.#sequenceNumber, tracks: part.tracks });
    this.#bytes += bytes.byteLength;
    const programDateTimeMs = this.#startWallMs + (part.timestampUs - (this.#firstUs ?? 0)) / 1000;
    this.#outbox.part({
      bytes,
      durationMs: part.durationMs,
      independent: part.independent,
      programDateTimeMs,
    });
  }

  #report(): void {
    const live = this.#running?.stats;
    const nowMs = this.#clock.now();
    const encoded = live?.encoded ?? 0;
    const stats: CaptureStats = {
      load: 0,
      renditions: [],
      levels: [],
      muted: false,
      paused: false,
      framesPerSecond: ((encoded - this.#lastEncoded) * 1000) / (nowMs - this.#lastStatsMs),
      droppedFrames: live?.dropped ?? 0,
      queuedFrames: live?.queued ?? 0,
      driftMs: live?.driftMs ?? 0,
      parts: this.#sequenceNumber,
      bytes: this.#bytes,
      waitingParts: this.#outbox.waiting,
      lostParts: this.#outbox.lost,
    };
    this.#lastEncoded = encoded;
    this.#lastStatsMs = nowMs;
    this.#post({ type: "stats", stats });
    this.#cancelStats = this.#clock.after(STATS_EVERY_MS, () => this.#report());
  }

  #fail(thrown: unknown): void {
    const { code, message } = RelayError.from(thrown);
    this.#post({ type: "error", code, message });
    this.#running?.stop();
  }

  /** What was captured before the end, or before a failure, is still given. */
  async #finish(thrown?: unknown): Promise<void> {
    this.#cancelStats?.();
    this.#cutter.flush();
    await this.#writing;
    await this.#drained();
    if (thrown !== undefined) {
      const { code, message } = RelayError.from(thrown);
      this.#post({ type: "error", code, message });
    }
    this.#post({ type: "ended" });
  }

  async #drained(): Promise<void> {
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.after(DRAIN_DEADLINE_MS, resolve);
    });
    await Promise.race([this.#outbox.drained(), late]);
    cancel();
  }
}

function describeRendition(
  tracks: readonly TrackDescription[],
  init: WrittenInit,
): Omit<CapturedRendition, "id" | "init"> {
  const video = tracks.find((track) => track.kind === "video");
  const turned = video?.rotation === 90 || video?.rotation === 270;
  const [width, height] = turned ? [video?.height, video?.width] : [video?.width, video?.height];
  return {
    // The init segment is what a player decodes by, so its own words come first.
    codecs: tracks.map((track, i) => init.segment.tracks[i]?.codec ?? track.codec).join(","),
    bandwidth: Math.max(1, Math.round(tracks.reduce((sum, track) => sum + track.bitrate, 0) * PEAK_FACTOR)),
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(video?.frameRate === undefined ? {} : { frameRate: video.frameRate }),
  };
}
