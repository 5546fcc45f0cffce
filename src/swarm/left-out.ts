import type { PeerId } from "../wire/peer-frame.ts";

/** For so long at first, and twice as long each time. */
const LEFT_OUT_MS = 20_000;
const MAX_DOUBLINGS = 6;
const MAX_PEERS = 64;

/** Who does not do what it stands for, though it may still beat. */
export class LeftOut {
  readonly #untilMs = new Map<PeerId, number>();
  readonly #times = new Map<PeerId, number>();

  has(peer: PeerId, nowMs: number): boolean {
    return nowMs < (this.#untilMs.get(peer) ?? 0);
  }

  add(peer: PeerId, nowMs: number): void {
    if (this.#times.size >= MAX_PEERS) this.#times.clear();
    if (this.#untilMs.size >= MAX_PEERS) this.#untilMs.clear();
    const times = this.#times.get(peer) ?? 0;
    this.#times.set(peer, times + 1);
    this.#untilMs.set(peer, nowMs + LEFT_OUT_MS * 2 ** Math.min(times, MAX_DOUBLINGS));
  }
}
