import type { Clock } from "../model/clock.ts";
import type { TrackDescription } from "./source.ts";

/** A clock that stands until it is moved. */
export class TestClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();

  now(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Runs what falls due, each at its time, `lateMs` after it. */
  advance(byMs: number, lateMs = 0): void {
    const endMs = this.#nowMs + byMs;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined || next.atMs + lateMs > endMs) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs + lateMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }
}

/** The configuration of an H.264 decoder, as an encoder at 640x360 gives it. */
const avcC = Uint8Array.from([1, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0, 4, 0x67, 0x42, 0xc0, 0x1e, 1, 0, 2, 0x68, 0xce]);

/** OpusHead: 2 channels, 312 samples of pre-skip, 48 kHz (RFC 7845 5.1). */
const opusHead = Uint8Array.from([
  ...new TextEncoder().encode("OpusHead"),
  ...[1, 2, 0x38, 0x01, 0x80, 0xbb, 0, 0, 0, 0, 0],
]);

export const testVideoTrack: TrackDescription = {
  kind: "video",
  codec: "avc1.42c01e",
  decoderConfig: { codec: "avc1.42c01e", codedWidth: 640, codedHeight: 360, description: avcC },
  width: 640,
  height: 360,
  frameRate: 30,
  bitrate: 600_000,
};

export const testAudioTrack: TrackDescription = {
  kind: "audio",
  codec: "opus",
  decoderConfig: { codec: "opus", sampleRate: 48_000, numberOfChannels: 2, description: opusHead },
  sampleRate: 48_000,
  channels: 2,
  bitrate: 100_000,
};
