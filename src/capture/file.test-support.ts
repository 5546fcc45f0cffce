import type { Clock } from "../model/clock.ts";
import type { Decoded, DecodedStream } from "./file-frames.ts";
import type { PacketStream, ReadPacket } from "./file-packets.ts";
import type { ScannedPacket } from "./file-scan.ts";
import type { EncodedPacket } from "./source.ts";

/** A clock that jumps to whoever waits next: hours pass at once, and nothing waits in vain. */
export class JumpingClock implements Clock {
  #nowMs = 0;
  timers = 0;

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    let cancelled = false;
    this.timers++;
    setImmediate(() => {
      if (cancelled) return;
      this.#nowMs += delayMs;
      callback();
    });
    return () => {
      cancelled = true;
    };
  }

  /** Lets time pass that nobody waited for. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }
}

export const FRAME_US = 1e6 / 30;
export const AAC_US = (1024 * 1e6) / 48_000;

/** H.264 at 30 Hz in presentation order I B B P, coded I P B B, with a key frame every `gop` frames. */
export function videoPackets({
  frames,
  gop = 60,
  fromUs = 0,
  reorder = false,
}: {
  frames: number;
  gop?: number;
  fromUs?: number;
  reorder?: boolean;
}): ReadPacket[] {
  const order: number[] = [];
  for (let start = 0; start < frames; start += gop) {
    const end = Math.min(frames, start + gop);
    order.push(start);
    for (let at = start + 1; at < end; at += 3) {
      const group = [at, at + 1, at + 2].filter((frame) => frame < end);
      const last = reorder ? group.pop() : undefined;
      order.push(...(last === undefined ? [] : [last]), ...group);
    }
  }
  return order.map((frame) =>
    packet({ timestampUs: Math.round(fromUs + frame * FRAME_US), durationUs: FRAME_US, key: frame % gop === 0 }),
  );
}

export function audioPackets({
  count,
  fromUs = 0,
  packetUs = AAC_US,
}: {
  count: number;
  fromUs?: number;
  packetUs?: number;
}): ReadPacket[] {
  return Array.from({ length: count }, (_, n) =>
    packet({ timestampUs: Math.round(fromUs + n * packetUs), durationUs: packetUs, key: true }),
  );
}

/** One NAL unit of one byte, unless `bytes` says otherwise. */
export function packet({
  timestampUs,
  durationUs,
  key,
  bytes = [0, 0, 0, 1, 0x41],
}: {
  timestampUs: number;
  durationUs: number;
  key: boolean;
  bytes?: readonly number[];
}): ReadPacket {
  return { bytes: new Uint8Array(bytes), timestampUs, durationUs: Math.round(durationUs), key };
}

export function scanned(packets: readonly ReadPacket[]): ScannedPacket[] {
  return packets.map(({ timestampUs, durationUs, key, bytes }) => ({
    timestampUs,
    durationUs,
    key,
    sizeBytes: bytes.length,
  }));
}

/** A file's packets, from memory. */
export class ListStream implements PacketStream {
  readonly #packets: readonly ReadPacket[];
  #at = 0;
  restarts = 0;
  closed = false;

  constructor(packets: readonly ReadPacket[]) {
    this.#packets = packets;
  }

  async next(): Promise<ReadPacket | undefined> {
    return this.#packets[this.#at++];
  }

  restart(): void {
    this.restarts++;
    this.#at = 0;
  }

  close(): void {
    this.closed = true;
  }
}

/** Decoded media, from memory. */
export class ListDecoded<Media> implements DecodedStream<Media> {
  readonly #list: () => readonly Decoded<Media>[];
  #left: Decoded<Media>[];

  constructor(list: () => readonly Decoded<Media>[]) {
    this.#list = list;
    this.#left = [...list()];
  }

  async next(): Promise<Decoded<Media> | undefined> {
    return this.#left.shift();
  }

  async restart(): Promise<void> {
    this.#left = [...this.#list()];
  }

  async close(): Promise<void> {
    this.#left = [];
  }
}

/** The largest hole or overlap between packets that should lie end to end. */
export function worstSeamUs(packets: readonly EncodedPacket[]): number {
  let worst = 0;
  for (const [index, { timestampUs }] of packets.entries()) {
    const before = packets[index - 1];
    if (before !== undefined) worst = Math.max(worst, Math.abs(timestampUs - before.timestampUs - before.durationUs));
  }
  return worst;
}
