import type { PeerId } from "../wire/peer-frame.ts";
import { MAX_BANS } from "./limits.ts";

/** Who was caught lying, for as long as this session lasts. */
export class Bans {
  readonly #bans = new Map<PeerId, string>();

  has(peer: PeerId): boolean {
    return this.#bans.has(peer);
  }

  add(peer: PeerId, reason: string): void {
    if (this.#bans.size >= MAX_BANS) {
      for (const oldest of this.#bans.keys()) {
        this.#bans.delete(oldest);
        break;
      }
    }
    this.#bans.set(peer, reason);
  }

  get all(): readonly { readonly peer: PeerId; readonly reason: string }[] {
    return [...this.#bans].map(([peer, reason]) => ({ peer, reason }));
  }
}

/** Late parts, each forgiven by many good ones, until peers are not waited for any more. */
const LATE_PARTS = 3;
const FORGIVEN_BY_GOOD = 0.25;
const FIRST_MS = 5000;
const LONGEST_MS = 240_000;
/** After so long without another time-out the next one is a first one again. */
const REFORMED_MS = 120_000;

/** Whether peers as a whole are worth waiting for: where they cost late parts, the origin alone serves for a while. */
export class Distrust {
  #late = 0;
  #untilMs = Number.NEGATIVE_INFINITY;
  #nextMs = FIRST_MS;

  isOn(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  untilMs(nowMs: number): number | undefined {
    return this.isOn(nowMs) ? this.#untilMs : undefined;
  }

  good(): void {
    this.#late = Math.max(0, this.#late - FORGIVEN_BY_GOOD);
  }

  late(nowMs: number): void {
    if (this.isOn(nowMs)) return;
    this.#late += 1;
    if (this.#late < LATE_PARTS) return;
    this.#late = 0;
    if (nowMs - this.#untilMs > REFORMED_MS) this.#nextMs = FIRST_MS;
    this.#untilMs = nowMs + this.#nextMs;
    this.#nextMs = Math.min(2 * this.#nextMs, LONGEST_MS);
  }
}
