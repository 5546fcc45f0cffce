import type { PartSample, PartTrackSamples } from "../media/part-writer.ts";
import type { EncodedPacket } from "./source.ts";

interface QueuedPacket {
  readonly packet: EncodedPacket;
  readonly startTicks: number;
  readonly durationTicks: number;
}

/** 40 seconds of 20 ms packets: audio that no video comes for is let go from its beginning. */
const MAX_QUEUED = 2_000;
/** Encoders round their timestamps to microseconds and more; a step below this is no gap. */
const SNAP_MS = 1;

/** Audio packets that wait for the part they start in. */
export class AudioQueue {
  readonly #trackId: number;
  readonly #timescale: number;
  readonly #queue: QueuedPacket[] = [];
  #nextTicks: number | undefined;
  #endUs = Number.NEGATIVE_INFINITY;
  #dropped = 0;

  constructor(track: { readonly trackId: number; readonly timescale: number }) {
    this.#trackId = track.trackId;
    this.#timescale = track.timescale;
  }

  /** End of the last packet that came. */
  get endUs(): number {
    return this.#endUs;
  }

  /** Packets that found no place: before the first video, over one another, or over the cap. */
  get dropped(): number {
    return this.#dropped;
  }

  push(packet: EncodedPacket): void {
    const ticks = (us: number) => Math.round((us * this.#timescale) / 1e6);
    const durationTicks = Math.max(1, ticks(packet.durationUs));
    let startTicks = ticks(packet.timestampUs);
    const step = this.#nextTicks === undefined ? 0 : startTicks - this.#nextTicks;
    // Packets lie end to end: a rounding step is closed, and so is a small overlap; a packet that lies on others is let go.
    if (-step > durationTicks / 2 || startTicks < 0) {
      this.#dropped++;
      return;
    }
    if (step < (this.#timescale * SNAP_MS) / 1000) startTicks -= step;
    this.#nextTicks = startTicks + durationTicks;
    this.#endUs = packet.timestampUs + packet.durationUs;
    this.#queue.push({ packet, startTicks, durationTicks });
    if (this.#queue.length > MAX_QUEUED) {
      this.#queue.shift();
      this.#dropped++;
    }
  }

  /** Lets go of what starts before `us`: a stream begins with its video. */
  dropBefore(us: number): void {
    while (this.#queue[0] !== undefined && this.#queue[0].packet.timestampUs < us) {
      this.#queue.shift();
      this.#dropped++;
    }
  }

  /** Takes out everything that starts before `us`, as one run without holes. */
  takeBefore(us: number): PartTrackSamples | undefined {
    const taken: QueuedPacket[] = [];
    while (this.#queue[0] !== undefined && this.#queue[0].packet.timestampUs < us) {
      const next = this.#queue.shift();
      if (next !== undefined) taken.push(next);
    }
    const first = taken[0];
    if (first === undefined) return undefined;
    const samples = taken.map((queued, i): PartSample => {
      const next = taken[i + 1];
      return {
        bytes: queued.packet.bytes,
        // Inside a run only durations place the samples, so a hole lengthens the packet before it.
        durationTicks: next === undefined ? queued.durationTicks : next.startTicks - queued.startTicks,
        sync: queued.packet.key,
        compositionOffsetTicks: 0,
      };
    });
    return { trackId: this.#trackId, baseTicks: first.startTicks, samples };
  }
}
