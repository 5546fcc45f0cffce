import type { Bytes } from "../model/bytes.ts";
import type { CutMedia } from "./messages.ts";

export type OutboxItem =
  | { readonly type: "part"; readonly part: CutMedia }
  | { readonly type: "init"; readonly init: Bytes };

export interface PartOutboxOptions {
  readonly send: (item: OutboxItem) => void;
  /** Parts that were let go: `lostMs` of them, since nobody took any. */
  readonly onLost: (lostMs: number) => void;
  /** Parts sent and not yet acknowledged, at most. Default 4. */
  readonly credit?: number;
  /** Parts that wait, at most. Default 64. */
  readonly maxWaiting?: number;
  /** Bytes that wait, at most. Default 32 MiB. */
  readonly maxWaitingBytes?: number;
}

/** From here on a source that can wait is asked to. */
const FULL_AT = 4;

/**
 * What stands between a source that cannot stop and a page that takes parts one by one: a bounded queue. When it overflows the
 * oldest segment goes, since the others cannot be decoded without their key frame; init segments never do.
 */
export class PartOutbox {
  readonly #options: Required<PartOutboxOptions>;
  readonly #waiting: OutboxItem[] = [];
  readonly #ready: (() => void)[] = [];
  readonly #drained: (() => void)[] = [];
  #credit: number;
  /** What the next part to be queued has to say was lost before it. */
  #missingMs = 0;
  #parts = 0;
  #bytes = 0;
  #lost = 0;

  constructor(options: PartOutboxOptions) {
    this.#options = { credit: 4, maxWaiting: 64, maxWaitingBytes: 32 * 1024 * 1024, ...options };
    this.#credit = this.#options.credit;
  }

  /** Parts that wait. */
  get waiting(): number {
    return this.#parts;
  }

  /** Parts that were let go. */
  get lost(): number {
    return this.#lost;
  }

  part(part: CutMedia): void {
    const missingMs = this.#missingMs;
    this.#missingMs = 0;
    this.#waiting.push({ type: "part", part: missingMs === 0 ? part : { ...part, missingMs } });
    this.#parts++;
    this.#bytes += part.bytes.byteLength;
    this.#pump();
    if (this.#parts > this.#options.maxWaiting || this.#bytes > this.#options.maxWaitingBytes) this.#loseSegment();
  }

  /** Goes in order with the parts. */
  init(init: Bytes): void {
    this.#waiting.push({ type: "init", init });
    this.#pump();
  }

  /** One part was taken. */
  ack(): void {
    this.#credit = Math.min(this.#credit + 1, this.#options.credit);
    this.#pump();
  }

  /** Resolves when a source that can wait should go on. */
  ready(): Promise<void> {
    if (this.#parts < FULL_AT) return Promise.resolve();
    return new Promise((resolve) => this.#ready.push(resolve));
  }

  /** Resolves when nothing waits. */
  drained(): Promise<void> {
    if (this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Lets sources go on that wait, so that they can stop. */
  release(): void {
    for (const resolve of this.#ready.splice(0)) resolve();
  }

  #pump(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (next.type === "part") {
        if (this.#credit === 0) break;
        this.#credit--;
        this.#forget(next.part);
      }
      this.#waiting.shift();
      this.#options.send(next);
    }
    if (this.#parts < FULL_AT) this.release();
    if (this.#waiting.length === 0) for (const resolve of this.#drained.splice(0)) resolve();
  }

  /** Lets go of the oldest part and what depends on it. */
  #loseSegment(): void {
    let lostMs = 0;
    let missingMs = 0;
    for (let at = 0; at < this.#waiting.length; ) {
      const item = this.#waiting[at];
      if (item?.type !== "part") {
        at++;
        continue;
      }
      if (lostMs > 0 && item.part.independent) break;
      this.#waiting.splice(at, 1);
      this.#forget(item.part);
      this.#lost++;
      lostMs += item.part.durationMs;
      missingMs += item.part.durationMs + (item.part.missingMs ?? 0);
    }
    const next = this.#waiting.findIndex((item) => item.type === "part");
    const item = this.#waiting[next];
    if (item?.type === "part") {
      this.#waiting[next] = { type: "part", part: { ...item.part, missingMs: missingMs + (item.part.missingMs ?? 0) } };
    } else {
      this.#missingMs += missingMs;
    }
    this.#options.onLost(lostMs);
  }

  #forget(part: CutMedia): void {
    this.#parts--;
    this.#bytes -= part.bytes.byteLength;
  }
}
