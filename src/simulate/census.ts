import type { FetchReason, PartSource } from "../swarm/swarm-types.ts";
import { DelayCount } from "./measures.ts";
import type { Behaviour } from "./population.ts";

const MAX_REASONS = 50;

/** What happened in one second of the world. */
export interface Second {
  played: number;
  missed: number;
  viewers: number;
  arrivals: number;
}

export interface Copied {
  readonly index: number;
  readonly reason: FetchReason;
  readonly nowMs: number;
  readonly behaviour: Behaviour;
}

export interface CensusOptions {
  /** Counting starts and ends then; what is outside is only in the course of time. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const noReasons = (): Record<FetchReason, number> => ({ elected: 0, backup: 0, deadline: 0, alone: 0 });

/** Counts what a report tells, as it happens. */
export class Census {
  readonly fromMs: number;
  readonly untilMs: number;
  /** From when a part was made until a viewer that was there by then had it whole. */
  readonly delays = new DelayCount();
  /** From coming to playing. */
  readonly startups = new DelayCount();
  readonly latencies = new DelayCount();
  readonly seconds: Second[] = [];
  /** Copies that left the origin for who means well, or the publisher for anybody, by index of the part. */
  readonly copies = new Map<number, number>();
  /** What attackers, whom nobody gives anything, take of the origin is theirs to take: counted apart. */
  readonly copiesToRiders = new Map<number, number>();
  readonly copiesToPolluters = new Map<number, number>();
  readonly reasons = noReasons();
  readonly partsBySource: Record<PartSource, number> = { peer: 0, origin: 0, own: 0 };
  readonly uploadShares: number[] = [];
  missed = 0;
  played = 0;
  stallMs = 0;
  watchedMs = 0;
  viewers = 0;
  bannedPolluters = 0;
  /** Who says that it uploads, and does not: a ban is deserved. */
  bannedRiders = 0;
  bannedHonest = 0;
  readonly banReasons = new Map<string, number>();
  pollutedParts = 0;
  wastedBytes = 0;

  constructor({ fromMs, untilMs }: CensusOptions) {
    this.fromMs = fromMs;
    this.untilMs = untilMs;
  }

  isCounting(nowMs: number): boolean {
    return nowMs >= this.fromMs && nowMs < this.untilMs;
  }

  second(nowMs: number): Second {
    const at = Math.max(0, Math.floor(nowMs / 1000));
    for (let n = this.seconds.length; n <= at; n++)
      this.seconds.push({ played: 0, missed: 0, viewers: 0, arrivals: 0 });
    return this.seconds[at]!;
  }

  copied({ index, reason, nowMs, behaviour }: Copied): void {
    const copies = this.#copiesTo(behaviour);
    copies.set(index, (copies.get(index) ?? 0) + 1);
    if (copies === this.copies && this.isCounting(nowMs)) this.reasons[reason] += 1;
  }

  /** The publisher sent this share of a part. */
  published(index: number, share: number): void {
    this.copies.set(index, (this.copies.get(index) ?? 0) + share);
  }

  banned(behaviour: Behaviour, reason: string): void {
    if (behaviour === "polluter") this.bannedPolluters += 1;
    else if (behaviour === "rider") this.bannedRiders += 1;
    else this.bannedHonest += 1;
    // What differs from frame to frame is left out, so that reasons are few.
    const text = `${behaviour}: ${reason.replace(/:.*/s, "").replace(/\d+/g, "n")}`;
    const known = this.banReasons.get(text);
    if (known !== undefined || this.banReasons.size < MAX_REASONS) this.banReasons.set(text, (known ?? 0) + 1);
  }

  #copiesTo(behaviour: Behaviour): Map<number, number> {
    if (behaviour === "polluter") return this.copiesToPolluters;
    return behaviour === "rider" ? this.copiesToRiders : this.copies;
  }
}
