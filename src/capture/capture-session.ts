import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError, type RelayErrorCode } from "../model/errors.ts";
import type { CapturedRendition } from "../model/rendition-options.ts";
import type { OpenFeed, PictureSize } from "./feed.ts";
import { encodedSize } from "./file-decision.ts";
import { type WrittenInit, writeInit } from "./init-writer.ts";
import type { CaptureAsk, CaptureRequest, CaptureStats, FromCaptureWorker } from "./messages.ts";
import { describeRendition, RenditionLane } from "./rendition-lane.ts";
import { SlatePicture } from "./slate-picture.ts";
import type { EncodedPacket, OpenSource, PacketSink, RunningSource, SourceStats, TrackDescription } from "./source.ts";

export interface CaptureSessionOptions {
  readonly source: OpenSource;
  /** Posts to the page; `transfer` lists what goes with the message. */
  readonly post: (message: FromCaptureWorker, transfer?: Transferable[]) => void;
  /** Opens what a stream is to go on with. @throws RelayError */
  readonly openFeed?: (request: CaptureRequest) => Promise<OpenFeed>;
  /** Encodes a feed as a stream with pictures of this size and rate, in one rendition. @throws RelayError */
  readonly encode?: (feed: OpenFeed, options: { readonly audio: boolean }) => Promise<OpenSource>;
  readonly clock?: Clock;
}

import { FIRST_SLOT } from "./video-encoder.ts";

const STATS_EVERY_MS = 1_000;
const LEVELS_EVERY_MS = 100;
/** How long the last parts wait for a page that takes none. */
const DRAIN_DEADLINE_MS = 3_000;
const MAIN = "main";
const SOUND = "sound";
/** Packets of sound are shorter. */
const PACKET_SLACK_MS = 50;
const NO_STATS: SourceStats = { videos: [], levels: [], driftMs: 0 };

interface LanePlan {
  readonly id: string;
  readonly tracks: readonly TrackDescription[];
}

/** One capture: packets of a source become parts of one rendition or several. */
export class CaptureSession implements PacketSink {
  readonly #options: CaptureSessionOptions;
  readonly #post: CaptureSessionOptions["post"];
  readonly #clock: Clock;
  readonly #lanes: readonly RenditionLane[];
  #source: OpenSource;
  #running: RunningSource | undefined;
  #startWallMs = 0;
  #firstUs: number | undefined;
  /** What is added to the times of the source that runs, and where the stream ends by now. */
  #offsetUs = 0;
  #endUs = 0;
  #cancelStats: (() => void) | undefined;
  #cancelLevels: (() => void) | undefined;
  #lastEncoded: readonly number[] = [];
  #lastStatsMs = 0;
  #isStopping = false;
  #isOver = false;
  /** One change after the other. */
  #asking: Promise<void> = Promise.resolve();

  /** @throws RelayError `unsupported-media` */
  static async open(options: CaptureSessionOptions): Promise<CaptureSession> {
    const plans = planLanes(options.source);
    const inits = await Promise.all(plans.map(({ tracks }) => writeInit(tracks)));
    return new CaptureSession(options, { plans, inits });
  }

  private constructor(
    options: CaptureSessionOptions,
    { plans, inits }: { readonly plans: readonly LanePlan[]; readonly inits: readonly WrittenInit[] },
  ) {
    const { source, post, clock = systemClock } = options;
    const { partTargetMs, targetDurationMs, segmentMs } = source;
    this.#options = options;
    this.#source = source;
    this.#post = post;
    this.#clock = clock;
    const lanes = plans.flatMap(({ id, tracks }, index) => {
      const init = inits[index];
      return init === undefined ? [] : [{ id, tracks, init }];
    });
    const beside = (tracks: readonly TrackDescription[]): boolean => plans.length > 1 && tracks[0]?.kind === "audio";
    this.#lanes = lanes.map(
      (lane) =>
        new RenditionLane({
          ...lane,
          partTargetMs,
          ...(segmentMs === undefined || !beside(lane.tracks) ? {} : { segmentMs }),
          wallMs: (timestampUs) => this.#startWallMs + (timestampUs - (this.#firstUs ?? 0)) / 1000,
          send: (item) =>
            item.type === "part"
              ? post({ type: "part", part: { ...item.part, rendition: lane.id } }, [item.part.bytes.buffer])
              : post({ type: "init", rendition: lane.id, init: item.init }),
          onLost: (lostMs) =>
            this.warn("deadline", `${Math.round(lostMs)} ms of media were let go: the page took no part in time`),
          onOverlong: () =>
            this.warn(
              "part-too-long",
              `a picture stood longer than the part target of ${partTargetMs} ms: a hole follows it`,
            ),
          onFailed: (thrown) => this.#fail(thrown),
        }),
    );
    post({
      type: "ready",
      renditions: lanes.map(({ id, tracks, init }) => ({
        ...describeRendition(id, tracks, init),
        ...(beside(tracks) ? besideOptions(tracks, segmentMs ?? targetDurationMs) : {}),
      })),
      partTargetMs,
      targetDurationMs,
    });
  }

  start(): void {
    if (this.#running !== undefined) return;
    this.#startWallMs = this.#clock.wallMs();
    this.#lastStatsMs = this.#clock.now();
    this.#run(this.#source);
    this.#cancelStats = this.#clock.after(STATS_EVERY_MS, () => this.#report());
    this.#cancelLevels = this.#clock.after(LEVELS_EVERY_MS, () => this.#reportLevels());
  }

  stop(): void {
    const wasStarted = this.#cancelStats !== undefined;
    this.#isStopping = true;
    this.#running?.stop();
    for (const lane of this.#lanes) lane.release();
    if (!wasStarted) this.#post({ type: "ended" });
  }

  ack(rendition = MAIN): void {
    this.#lanes.find(({ id }) => id === rendition)?.ack();
  }

  /** Does what the page asks for; what fails changes nothing. @throws RelayError */
  ask(ask: CaptureAsk): Promise<void> {
    const asked = this.#asking.then(() => this.#do(ask));
    this.#asking = asked.catch(() => undefined);
    return asked;
  }

  packet(packet: EncodedPacket): void {
    const timestampUs = packet.timestampUs + this.#offsetUs;
    this.#firstUs ??= timestampUs;
    this.#endUs = Math.max(this.#endUs, timestampUs + packet.durationUs);
    this.#laneOf(packet.kind, packet.rendition)?.push(this.#offsetUs === 0 ? packet : { ...packet, timestampUs });
  }

  reconfigure(track: TrackDescription, rendition?: number): void {
    this.#laneOf(track.kind, rendition)?.reconfigure(track);
    // Discontinuities of renditions match (6.2.4), so the sound beside has one with the main pictures.
    const sound = this.#source.tracks.at(-1);
    if (this.#lanes.length > 1 && rendition === 0 && sound?.kind === "audio") this.#lanes.at(-1)?.reconfigure(sound);
  }

  /** The fullest rendition says. */
  async ready(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.ready()));
  }

  warn(code: RelayErrorCode, message: string): void {
    this.#post({ type: "warning", code, message });
  }

  #laneOf(kind: TrackDescription["kind"], rendition = 0): RenditionLane | undefined {
    return kind === "audio" ? this.#lanes.at(-1) : this.#lanes[rendition];
  }

  #run(source: OpenSource): RunningSource {
    this.#source = source;
    const running = source.start(this);
    this.#running = running;
    const isCurrent = (): boolean => this.#running === running;
    running.ended.then(
      () => (isCurrent() ? this.#finish() : undefined),
      (thrown: unknown) => (isCurrent() ? this.#finish(thrown) : undefined),
    );
    return running;
  }

  async #do(ask: CaptureAsk): Promise<void> {
    const running = this.#running;
    if (running === undefined || this.#isOver || this.#isStopping)
      throw new RelayError("closed", "expected a capture that runs");
    switch (ask.kind) {
      case "mute":
        running.setMuted?.(ask.muted);
        return;
      case "pause": {
        const { control } = running;
        if (control !== undefined) control.setPaused(ask.paused, ask.text);
        else if (ask.paused) await this.#pauseFile(running, ask.text);
        return;
      }
      case "switch": {
        this.#expectPictures();
        const { openFeed } = this.#options;
        if (openFeed === undefined) throw new RelayError("internal", "expected a way to open a source");
        const feed = await openFeed(ask.source);
        if (running.control !== undefined) await running.control.switchTo(feed);
        else await this.#takeOver(running, feed);
        return;
      }
      case "next":
        if (running.control === undefined) {
          throw new RelayError("conflict", "expected a queue of files to play, got another source");
        }
        await running.control.next();
        return;
    }
  }

  /** Packets that pass through make no slate: the file is decoded from here on, and waits. */
  async #pauseFile(running: RunningSource, text: string): Promise<void> {
    this.#expectPictures();
    const feed = await running.reopen?.();
    if (feed === undefined) throw new RelayError("internal", "expected a file that can be opened again");
    // The encoder is asked about what it is to encode first.
    const picture = (size: PictureSize) => new SlatePicture(size, text).frame(FIRST_SLOT);
    const { control } = await this.#takeOver(running, { ...feed, picture });
    control?.setPaused(true, text);
  }

  /** Ends the source whose packets pass through, and goes on with a feed that is encoded: after a discontinuity, in the same shape. */
  async #takeOver(running: RunningSource, feed: OpenFeed): Promise<RunningSource> {
    const { encode } = this.#options;
    const { tracks } = this.#source;
    const video = tracks.find(({ kind }) => kind === "video");
    const [lane] = this.#lanes;
    if (encode === undefined || lane === undefined)
      throw new RelayError("internal", "expected a way to encode a source");
    const { width = feed.width, height = feed.height, frameRate = feed.frameRate, rotation = 0 } = video ?? {};
    const [w, h] = rotation % 180 === 0 ? [width, height] : [height, width];
    const source = await encode(
      { ...feed, ...encodedSize({ width: w, height: h }), frameRate: Math.round(frameRate) },
      { audio: tracks.some(({ kind }) => kind === "audio") },
    );
    const init = await writeInit(source.tracks);
    if (this.#isOver || source.tracks.length !== tracks.length) {
      feed.close();
      throw this.#isOver
        ? new RelayError("closed", "the capture has ended")
        : new RelayError("encoder-failed", "expected encoders for all tracks of the stream, this browser lacks one");
    }
    const muted = running.muted === true;
    this.#running = undefined;
    running.stop();
    await running.ended.catch(() => undefined);
    lane.join(source.tracks, init);
    this.#offsetUs = this.#endUs;
    this.#lastEncoded = [];
    const next = this.#run(source);
    next.setMuted?.(muted);
    if (this.#isStopping) next.stop();
    return next;
  }

  #expectPictures(): void {
    if (this.#source.tracks.some(({ kind }) => kind === "video")) return;
    throw new RelayError("unsupported-media", "expected a stream with pictures, it was started with sound alone");
  }

  #report(): void {
    const { videos, levels, driftMs, playing } = this.#running?.readStats?.() ?? NO_STATS;
    const nowMs = this.#clock.now();
    const sum = (of: (lane: RenditionLane) => number): number => this.#lanes.reduce((all, lane) => all + of(lane), 0);
    const renditions = videos.map(({ encoded, dropped, queued, load }, index) => ({
      id: this.#lanes[index]?.id ?? MAIN,
      framesPerSecond: ((encoded - (this.#lastEncoded[index] ?? 0)) * 1000) / (nowMs - this.#lastStatsMs),
      droppedFrames: dropped,
      queuedFrames: queued,
      load,
    }));
    const stats: CaptureStats = {
      framesPerSecond: renditions[0]?.framesPerSecond ?? 0,
      droppedFrames: renditions.reduce((all, { droppedFrames }) => all + droppedFrames, 0),
      queuedFrames: renditions.reduce((all, { queuedFrames }) => all + queuedFrames, 0),
      load: Math.max(0, ...renditions.map(({ load }) => load)),
      renditions,
      levels,
      muted: this.#running?.muted === true,
      paused: this.#running?.control?.paused === true,
      ...(playing === undefined ? {} : { playing }),
      driftMs,
      parts: sum(({ parts }) => parts),
      bytes: sum(({ bytes }) => bytes),
      waitingParts: sum(({ waiting }) => waiting),
      lostParts: sum(({ lost }) => lost),
    };
    this.#lastEncoded = videos.map(({ encoded }) => encoded);
    this.#lastStatsMs = nowMs;
    this.#post({ type: "stats", stats });
    this.#cancelStats = this.#clock.after(STATS_EVERY_MS, () => this.#report());
  }

  #reportLevels(): void {
    const levels = this.#running?.readLevels?.() ?? [];
    if (levels.length > 0) this.#post({ type: "levels", levels });
    this.#cancelLevels = this.#clock.after(LEVELS_EVERY_MS, () => this.#reportLevels());
  }

  #fail(thrown: unknown): void {
    const { code, message } = RelayError.from(thrown);
    this.#post({ type: "error", code, message });
    this.#running?.stop();
  }

  /** What was captured before the end, or before a failure, is still given. */
  async #finish(thrown?: unknown): Promise<void> {
    this.#isOver = true;
    this.#cancelStats?.();
    this.#cancelLevels?.();
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
    await Promise.race([Promise.all(this.#lanes.map((lane) => lane.finish())), late]);
    cancel();
  }
}

/** Sound beside the variants. Its packets do not end where key frames are, but a little before or after. */
function besideOptions([track]: readonly TrackDescription[], segmentMs: number): Partial<CapturedRendition> {
  const channels = String(track?.channels ?? 2);
  return { kind: "audio", default: true, channels, segmentMinMs: Math.max(0, segmentMs - PACKET_SLACK_MS) };
}

/** One video has its sound in the same parts; of several, each has its own, and so has the sound. */
function planLanes({ tracks, ids = [] }: OpenSource): readonly LanePlan[] {
  const videos = tracks.filter(({ kind }) => kind === "video");
  if (videos.length < 2) return [{ id: ids[0] ?? MAIN, tracks }];
  const sound = tracks.filter(({ kind }) => kind === "audio");
  const lanes = videos.map((track, index) => ({ id: ids[index] ?? `${MAIN}-${index}`, tracks: [track] }));
  return sound.length === 0 ? lanes : [...lanes, { id: SOUND, tracks: sound }];
}
