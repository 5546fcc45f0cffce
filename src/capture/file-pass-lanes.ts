import type { AvcSamples } from "./file-avc.ts";
import type { PacedLane } from "./file-pacer.ts";
import type { PacketStream, ReadPacket } from "./file-packets.ts";
import type { SegmentKeys } from "./file-scan.ts";
import type { SilentPacket } from "./file-silence.ts";
import type { LoopTimeline, PacketTimeline } from "./file-timeline.ts";
import type { EncodedPacket } from "./source.ts";

/** What both lanes of packets need. */
interface LaneOptions {
  readonly stream: PacketStream;
  readonly timeline: LoopTimeline;
  readonly put: (packet: EncodedPacket) => void;
  /** The file gave its last packet; `endUs` is where that one ends, in the file's own time. */
  readonly onFileEnd?: (endUs: number) => void;
}

export interface VideoPassOptions extends LaneOptions {
  /** Packets to read ahead to know a decode time. */
  readonly reorderDepth: number;
  /** What a frame lasts where the file does not say. */
  readonly frameUs: number;
  /** Every frame lasts that. */
  readonly constant: boolean;
  /** A hole wider than this is cut out: no part may last so long. */
  readonly maxHoleUs: number;
  readonly keys: SegmentKeys;
  /** Looks over samples; H.264 only. */
  readonly avc?: AvcSamples;
  /** A packet was damaged; what stands up to the next key frame is cut out. */
  readonly onDamage?: (atUs: number) => void;
}

interface PlacedVideo {
  readonly packet: ReadPacket;
  readonly timestampUs: number;
  /** It is the first of its round. */
  readonly seam: boolean;
}

/** Packets as they are, paced by decode time. It leads: its frames say how long a round lasts. */
export class VideoPassLane implements PacedLane {
  readonly #options: VideoPassOptions;
  /** Read and not given, in decode order; and their presentation times, rising. */
  #window: PlacedVideo[] = [];
  #timesUs: number[] = [];
  #round = 0;
  /** Nothing more belongs to this round: the file ended, or goes on with this key frame after a place that is cut out. */
  #roundEnd: { readonly goesOnWith?: ReadPacket } | undefined;
  #carried: ReadPacket | undefined;
  /** End of what was read of this round, on the file's clock and on the timeline. */
  #sourceEndUs: number | undefined;
  #roundEndUs = 0;
  #lastDecodeUs: number | undefined;
  /** The latest that was given is shown at this time. */
  #shownUs = Number.NEGATIVE_INFINITY;
  #over = false;

  constructor(options: VideoPassOptions) {
    this.#options = options;
  }

  async head(): Promise<number | undefined> {
    while (!this.#over) {
      await this.#fill();
      const timeUs = this.#timesUs[0];
      if (timeUs !== undefined) return timeUs;
      this.#closeRound();
    }
    return undefined;
  }

  give(): void {
    const { put, keys } = this.#options;
    this.#lastDecodeUs = this.#timesUs.shift();
    const placed = this.#window.shift();
    if (placed === undefined) return;
    const { packet, timestampUs, seam } = placed;
    this.#shownUs = Math.max(this.#shownUs, timestampUs);
    put({
      kind: "video",
      bytes: packet.bytes,
      timestampUs: Math.round(timestampUs),
      durationUs: Math.round(this.#durationUs(packet)),
      key: packet.key && keys.opens(timestampUs, seam),
    });
  }

  /** Stopped between reordered frames, it still gives those that are shown before the last one: without them it would end in a hole. */
  close(): void {
    while (this.#window.some(({ timestampUs }) => timestampUs < this.#shownUs)) this.give();
    this.#options.stream.close();
  }

  async #fill(): Promise<void> {
    const { timeline, reorderDepth } = this.#options;
    while (this.#roundEnd === undefined && this.#window.length <= reorderDepth) {
      const packet = await this.#read();
      if (packet === undefined) {
        this.#closeHoles();
        return;
      }
      const timestampUs = timeline.place(this.#round, packet.timestampUs);
      const durationUs = this.#durationUs(packet);
      const seam = this.#sourceEndUs === undefined;
      this.#sourceEndUs = Math.max(this.#sourceEndUs ?? Number.NEGATIVE_INFINITY, packet.timestampUs + durationUs);
      this.#roundEndUs = Math.max(this.#roundEndUs, timestampUs + durationUs);
      this.#window.push({ packet, timestampUs, seam });
      let at = this.#timesUs.length;
      while (at > 0 && (this.#timesUs[at - 1] ?? 0) > timestampUs) at--;
      this.#timesUs.splice(at, 0, timestampUs);
    }
  }

  /** The round's next packet; `undefined` when it has none, and `#roundEnd` then says what follows. */
  async #read(): Promise<ReadPacket | undefined> {
    const { stream, avc, frameUs, maxHoleUs, onDamage, onFileEnd } = this.#options;
    const carried = this.#carried;
    this.#carried = undefined;
    const packet = carried ?? (await stream.next());
    if (packet === undefined) {
      this.#roundEnd = {};
      onFileEnd?.(this.#sourceEndUs ?? 0);
      return undefined;
    }
    if (avc?.intact(packet.bytes) === false) {
      onDamage?.(packet.timestampUs);
      const goesOnWith = await this.#nextIntactKey();
      this.#roundEnd = goesOnWith === undefined ? {} : { goesOnWith };
      return undefined;
    }
    const holeUs = packet.timestampUs - (this.#sourceEndUs ?? packet.timestampUs);
    // Only a key frame is known to have nothing of before the hole after it.
    if (packet.key && (holeUs > maxHoleUs || holeUs < -2 * frameUs)) {
      this.#roundEnd = { goesOnWith: packet };
      return undefined;
    }
    return packet;
  }

  async #nextIntactKey(): Promise<ReadPacket | undefined> {
    for (;;) {
      const packet = await this.#options.stream.next();
      if (packet === undefined || (packet.key && this.#options.avc?.intact(packet.bytes) !== false)) return packet;
    }
  }

  /** At an end some frames may miss that are shown before the last one; the rest moves up, to keep parts of whole frames. */
  #closeHoles(): void {
    const { frameUs, constant } = this.#options;
    if (!constant) return;
    const movedUs = new Map<number, number>();
    let beforeUs = this.#lastDecodeUs;
    let shiftUs = 0;
    for (const timeUs of this.#timesUs) {
      if (beforeUs !== undefined && timeUs - beforeUs > 1.5 * frameUs) shiftUs += timeUs - beforeUs - frameUs;
      movedUs.set(timeUs, timeUs - shiftUs);
      beforeUs = timeUs;
    }
    this.#timesUs = this.#timesUs.map((timeUs) => movedUs.get(timeUs) ?? timeUs);
    this.#window = this.#window.map((placed) => ({
      ...placed,
      timestampUs: movedUs.get(placed.timestampUs) ?? placed.timestampUs,
    }));
    this.#roundEndUs -= shiftUs;
  }

  #closeRound(): void {
    const { timeline, stream } = this.#options;
    const goesOnWith = this.#roundEnd?.goesOnWith;
    if (goesOnWith !== undefined) {
      timeline.jump(this.#round, this.#roundEndUs, goesOnWith.timestampUs);
      this.#carried = goesOnWith;
    } else if (timeline.close(this.#round, this.#roundEndUs)) {
      stream.restart();
    } else {
      this.#over = true;
      return;
    }
    this.#round++;
    this.#roundEnd = undefined;
    this.#sourceEndUs = undefined;
  }

  #durationUs({ durationUs }: ReadPacket): number {
    const { frameUs } = this.#options;
    // Only the last frame of a round lasts what it says, and last frames often say nonsense (nothing, or up to the end of the sound).
    return durationUs > 0.9 * frameUs && durationUs < 2 * frameUs ? durationUs : frameUs;
  }
}

export interface AudioPassOptions extends LaneOptions {
  /** There is no video: the sound says how long a round lasts. */
  readonly leads: boolean;
  readonly packets: PacketTimeline;
  readonly silent: SilentPacket;
  /** While it says so packets of silence take the place of the file's. Default: never. */
  readonly muted?: () => boolean;
  /** What a packet lasts when it is decoded. */
  readonly packetUs: (packet: ReadPacket) => number;
}

/** Audio packets as they are, end to end, with silence where the file has none. */
export class AudioPassLane implements PacedLane {
  readonly #options: AudioPassOptions;
  #round = 0;
  #packet: ReadPacket | undefined;
  #fileEnded = false;
  #sourceEndUs = 0;
  /** Packets of silence that come before the packet in hand, or at the end of the round. */
  #silence = false;

  constructor(options: AudioPassOptions) {
    this.#options = options;
  }

  async head(limitUs: number): Promise<number | undefined> {
    const { packets, timeline, silent, leads } = this.#options;
    for (;;) {
      if (packets.nextUs > limitUs) return undefined;
      await this.#fill();
      const endUs = leads && this.#fileEnded ? packets.nextUs : timeline.endUs(this.#round);
      const idealUs =
        this.#packet === undefined ? Number.POSITIVE_INFINITY : timeline.place(this.#round, this.#packet.timestampUs);
      if (this.#packet === undefined || (endUs !== undefined && idealUs >= endUs - silent.durationUs / 2)) {
        this.#silence = endUs === undefined || packets.nextUs < endUs - silent.durationUs / 2;
        if (this.#silence) return packets.nextUs;
        if (!this.#nextRound(endUs ?? packets.nextUs)) return undefined;
        continue;
      }
      const place = packets.place(idealUs);
      if (place === undefined) {
        this.#packet = undefined;
        continue;
      }
      // Muted, the packet in hand stays there until the silence has passed it, and is dropped.
      this.#silence = place.silentPackets > 0 || this.#options.muted?.() === true;
      return packets.nextUs;
    }
  }

  give(): void {
    const { packets, silent, put, packetUs } = this.#options;
    const packet = this.#silence ? undefined : this.#packet;
    const durationUs = packet === undefined ? silent.durationUs : packetUs(packet);
    const timestampUs = packets.take(durationUs);
    put({
      kind: "audio",
      bytes: packet?.bytes ?? silent.bytes,
      timestampUs: Math.round(timestampUs),
      durationUs: Math.round(durationUs),
      key: true,
    });
    if (packet !== undefined) this.#packet = undefined;
  }

  close(): void {
    this.#options.stream.close();
  }

  async #fill(): Promise<void> {
    if (this.#packet !== undefined || this.#fileEnded) return;
    this.#packet = await this.#options.stream.next();
    if (this.#packet === undefined) {
      this.#fileEnded = true;
      this.#options.onFileEnd?.(this.#sourceEndUs);
    } else {
      this.#sourceEndUs = this.#packet.timestampUs + this.#options.packetUs(this.#packet);
    }
  }

  #nextRound(endUs: number): boolean {
    const { timeline, stream, leads } = this.#options;
    const more = leads ? timeline.close(this.#round, endUs) : timeline.follows(this.#round);
    if (!more) {
      this.#packet = undefined;
      this.#fileEnded = true;
      return false;
    }
    this.#round++;
    // After a place that was cut out the same packets go on; those of that place come too early now, and are dropped.
    if (!timeline.restarts(this.#round)) return true;
    this.#packet = undefined;
    this.#fileEnded = false;
    stream.restart();
    return true;
  }
}
