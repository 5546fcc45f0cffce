import type { Bytes } from "../../model/bytes.ts";
import type { RelayError } from "../../model/errors.ts";
import type { MediaKey } from "../../model/media-key.ts";
import type { PartHeader, StreamCard } from "../../model/part-header.ts";
import type { SharedPart } from "../../swarm/swarm-types.ts";
import type { FeedTarget } from "./part-feeder.ts";

export const ZEROS = new Uint8Array(32);
const PARTS_PER_SEGMENT = 4;
export const PART_MS = 250;
const START_MS = Date.UTC(2026, 0, 1);

/** 32 bytes that stand for `text`. */
export function fakeDigest(text: string): Bytes {
  const digest = new Uint8Array(32);
  digest.set(new TextEncoder().encode(text).slice(0, 32));
  return digest;
}

export const INIT = fakeDigest("init");

export function testCard(changes: Partial<StreamCard> = {}): StreamCard {
  return {
    name: "studio",
    publicKey: new Uint8Array(32),
    epoch: "e1",
    revision: 1,
    options: {
      renditions: [{ id: "main", codecs: "avc1.42c01f", bandwidth: 1_000_000 }],
      partTargetMs: PART_MS,
      targetDurationMs: 1000,
      segmentMinMs: 1000,
    },
    ...changes,
  };
}

/** Part `n` of a stream of four parts to the segment, chained to the one before it. */
export function testShared(n: number, changes: Partial<PartHeader> = {}): SharedPart {
  const msn = 10 + Math.floor(n / PARTS_PER_SEGMENT);
  const part = n % PARTS_PER_SEGMENT;
  const header: PartHeader = {
    rendition: 0,
    msn,
    part,
    epoch: "e1",
    durationMs: PART_MS,
    independent: part === 0,
    gap: false,
    discontinuity: false,
    programDateTimeMs: START_MS + n * PART_MS,
    initDigest: INIT,
    sizeBytes: 1,
    root: ZEROS,
    previous: n === 0 ? ZEROS : fakeDigest(`${changes.epoch ?? "e1"} part ${n - 1}`),
    ...changes,
  };
  const digest = fakeDigest(`${header.epoch} part ${n}`);
  const signed = { header, encoded: new Uint8Array(0), digest, signature: new Uint8Array(0), pieces: [] };
  return { key: header, signed, bytes: Uint8Array.of(n), source: "peer", delayMs: 0 };
}

/** Takes steps as a publisher does, and writes down what they were. */
export class FakeTarget implements FeedTarget {
  readonly steps: string[] = [];
  readonly marks: string[] = [];
  closed: RelayError | undefined;
  refuses: (step: string) => RelayError | undefined = () => undefined;

  async init(rendition: string, bytes: Bytes): Promise<void> {
    this.#take(`${rendition} init ${bytes.byteLength}`);
  }

  async part(
    rendition: string,
    part: { readonly bytes: Bytes; readonly mark?: string },
  ): Promise<{ msn: number; part: number }> {
    this.#take(`${rendition} part ${part.bytes[0]}`, part.mark);
    return { msn: 1, part: 0 };
  }

  async gap(rendition: string, gap: { readonly durationMs: number; readonly mark?: string }): Promise<void> {
    this.#take(`${rendition} gap ${Math.round(gap.durationMs)}`, gap.mark);
  }

  async discontinuity(rendition: string): Promise<void> {
    this.#take(`${rendition} discontinuity`);
  }

  async key(rendition: string, keys: MediaKey | readonly MediaKey[]): Promise<void> {
    this.#take(`${rendition} key ${[keys].flat().map((key) => (key as MediaKey).method)}`);
  }

  rememberInit(rendition: string, bytes: Bytes): void {
    this.steps.push(`${rendition} remembers ${bytes.byteLength}`);
  }

  async end(): Promise<void> {
    this.#take("end");
  }

  #take(step: string, mark?: string): void {
    const error = this.refuses(step);
    if (error !== undefined) throw error;
    this.steps.push(step);
    if (mark !== undefined) this.marks.push(mark);
  }
}
