import { type InspectedStream, SLOT_GAP } from "eddy-hls";

/** What ought to be seen after something was broken. */
export type Awaited = "part" | "gap" | "discontinuity";
export type Outcome = "seen" | "too-late" | undefined;

const PATIENCE_MS = 10_000;

/** Waits for what a fault should lead to. */
export class FaultWatch {
  readonly awaited: Awaited;
  readonly sinceMs: number;
  readonly #nextIds: ReadonlyMap<string, number>;
  readonly #discontinuities: number;

  constructor(
    awaited: Awaited,
    { stream, playlist, nowMs }: { stream: InspectedStream | undefined; playlist: string; nowMs: number },
  ) {
    this.awaited = awaited;
    this.sinceMs = nowMs;
    this.#nextIds = new Map(stream?.renditions.map(({ id, nextId }) => [id, nextId]));
    this.#discontinuities = countDiscontinuities(playlist);
  }

  look({ stream, playlist, nowMs }: { stream: InspectedStream | undefined; playlist: string; nowMs: number }): Outcome {
    if (this.#isSeen(stream, playlist)) return "seen";
    return nowMs - this.sinceMs > PATIENCE_MS ? "too-late" : undefined;
  }

  #isSeen(stream: InspectedStream | undefined, playlist: string): boolean {
    if (this.awaited === "discontinuity") return countDiscontinuities(playlist) > this.#discontinuities;
    for (const { id, nextId, slots } of stream?.renditions ?? []) {
      const before = this.#nextIds.get(id) ?? 0;
      if (this.awaited === "part" && nextId > before) return true;
      if (this.awaited !== "gap") continue;
      for (let column = before - slots.firstId; column < slots.flags.length; column++)
        if ((slots.flags[column] ?? 0) & SLOT_GAP) return true;
    }
    return false;
  }
}

/** Those that have left the list count, too. */
function countDiscontinuities(playlist: string): number {
  const gone = /^#EXT-X-DISCONTINUITY-SEQUENCE:(\d+)/m.exec(playlist)?.[1] ?? "0";
  return Number(gone) + (playlist.match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0);
}
