import type { Committee } from "./committee.ts";
import { peerHash } from "./hash.ts";
import type { PartAssembly } from "./part-assembly.ts";
import type { Playhead } from "./playhead.ts";
import type { SwarmContext } from "./swarm-context.ts";
import type { FetchReason } from "./swarm-types.ts";
import type { Distrust } from "./trust.ts";

/** How long the origin takes, until it was measured. */
const FIRST_ORIGIN_MS = 150;
const ORIGIN_WEIGHT = 0.2;
/** The deadline's margin: so many times what the origin takes, and this. */
const ORIGIN_TIMES = 1.3;
const MARGIN_MS = 100;
/** Viewers of one moment do not all ask at the same one: what the first of them get, the others may get of them. */
const SPREAD_MS = 100;
const MAX_NEEDED_MS = 700;
/** More at once would only share the line; the next may come of a peer meanwhile. */
const MAX_SAVING = 2;
/** How long after its announcement a part is usually heard of, until it was measured; who stands by waits that and five deviations. */
const FIRST_HEARD_MS = 200;
const HEARD_WEIGHT = 0.1;
/** And so much more, while nothing but the part is missing of who fetches. */
const UNSUSPECTED_MS = 100;
const MIN_BACKUP_MS = 150;
const MAX_BACKUP_MS = 900;
/** The same for all of the part: where who fetches goes in the middle of one, nobody has the rest. */
const FIRST_WHOLE_MS = 400;
/** A part that no neighbour has will not come from them: the one of lowest hash asks so much earlier, and the others get it of that one. */
const NEIGHBOURS_LEAD_MS = 350;
const RETRY_MS = 250;
const DEFAULT_JOIN_GRACE_MS = 1500;
const MAX_GRACES = 2;
/** And so many while its own line is full, over which the origin would be no quicker. */
const MAX_GRACES_OF_FULL_LINE = 6;
/** Who does not play after so many is worse off than without peers. */
const STARTS_WITHIN_GRACES = 3;
const PROGRESS_MS = 600;
/** A late part is worth waiting for so long; then the player is better off without it. */
const GIVE_UP_MS = 1000;

export interface FetchingOptions {
  readonly context: SwarmContext;
  readonly committee: Committee;
  readonly distrust: Distrust;
  readonly playhead: Playhead;
  /** A part was given up. */
  readonly missed: (part: PartAssembly) => void;
}

/** Who asks the origin for a part, and when: the elected one at once, those that stand by in turn, and everybody before the player misses it. */
export class Fetching {
  readonly #context: SwarmContext;
  readonly #committee: Committee;
  readonly #distrust: Distrust;
  readonly #playhead: Playhead;
  readonly #missed: (part: PartAssembly) => void;
  readonly #startedMs: number;
  readonly #hash: number;
  /** Nobody else was there as it came: peers that come are not waited for. */
  #isFirst = false;
  /** Parts that are being fetched because their deadline is near. */
  readonly #saving = new Set<PartAssembly>();
  #originMs = FIRST_ORIGIN_MS;
  #heardMs = FIRST_HEARD_MS;
  #heardDeviationMs = 40;
  #wholeMs = FIRST_WHOLE_MS;
  #wholeDeviationMs = 60;

  constructor({ context, committee, distrust, playhead, missed }: FetchingOptions) {
    this.#context = context;
    this.#committee = committee;
    this.#distrust = distrust;
    this.#playhead = playhead;
    this.#missed = missed;
    this.#startedMs = context.clock.now();
    this.#hash = peerHash(context.options.self);
  }

  tick(): void {
    const nowMs = this.#context.clock.now();
    for (const part of [...this.#context.parts.open]) if (part.isWanted) this.part(part, nowMs);
  }

  /** Nobody is there to wait for. */
  alone(): void {
    this.#isFirst = true;
    this.tick();
  }

  part(part: PartAssembly, nowMs: number): void {
    if (part.isWhole || part.fetching !== undefined) return;
    const reason = this.#context.options.fetches === true ? this.#reason(part, nowMs) : undefined;
    if (reason !== undefined) this.#fetch(part, reason, nowMs);
    else if (nowMs > part.deadlineMs + GIVE_UP_MS && nowMs - part.knownMs > GIVE_UP_MS + this.#graceMs) {
      this.#missed(part);
    }
  }

  /** The part is whole, wherever it came from. */
  settled(part: PartAssembly, nowMs: number): void {
    const { fetching, fetchReason, source } = part;
    part.fetching = undefined;
    this.#saving.delete(part);
    if (source === "origin" && fetching !== undefined) {
      this.#originMs += (nowMs - part.fetchedMs - this.#originMs) * ORIGIN_WEIGHT;
    } else if (fetching !== undefined) fetching.abort();
    // What the origin saved in time cost nothing but its copy.
    if (this.#isLate(part, nowMs)) this.#distrust.late(nowMs);
    if (source !== "peer" || fetchReason !== undefined) return;
    const tookMs = nowMs - part.knownMs;
    if (tookMs <= MAX_BACKUP_MS) {
      this.#wholeDeviationMs += (Math.abs(tookMs - this.#wholeMs) - this.#wholeDeviationMs) * HEARD_WEIGHT;
      this.#wholeMs += (tookMs - this.#wholeMs) * HEARD_WEIGHT;
    }
    this.#distrust.good();
    this.#committee.worked();
  }

  /** A peer tells of a part that a playlist had announced. */
  heard(part: PartAssembly): void {
    if (!part.isWanted || part.fetchReason !== undefined) return;
    const tookMs = this.#context.clock.now() - part.knownMs;
    // In bad times nothing is learnt of good ones.
    if (tookMs > MAX_BACKUP_MS) return;
    this.#heardDeviationMs += (Math.abs(tookMs - this.#heardMs) - this.#heardDeviationMs) * HEARD_WEIGHT;
    this.#heardMs += (tookMs - this.#heardMs) * HEARD_WEIGHT;
  }

  failed(part: PartAssembly): void {
    if (part.fetching === undefined) return;
    part.fetching = undefined;
    this.#saving.delete(part);
    part.fetchFailures += 1;
    part.fetchedMs = this.#context.clock.now();
  }

  #isLate(part: PartAssembly, nowMs: number): boolean {
    if (this.#playhead.isPlaying) return nowMs > part.deadlineMs;
    return nowMs - this.#startedMs > STARTS_WITHIN_GRACES * this.#graceMs;
  }

  get #graceMs(): number {
    return this.#context.options.joinGraceMs ?? DEFAULT_JOIN_GRACE_MS;
  }

  /** How long who stands by waits for a part, or for the rest of it. */
  #backupMs({ isHeard, haveMask }: PartAssembly): number {
    if (haveMask !== 0) return Number.POSITIVE_INFINITY;
    const usualMs = isHeard ? this.#wholeMs + 5 * this.#wholeDeviationMs : this.#heardMs + 5 * this.#heardDeviationMs;
    const waitMs = usualMs + (this.#committee.isFirstSuspect ? 0 : UNSUSPECTED_MS);
    return Math.min(Math.max(waitMs, MIN_BACKUP_MS), MAX_BACKUP_MS);
  }

  #fetch(part: PartAssembly, reason: FetchReason, nowMs: number): void {
    const fetching = new AbortController();
    part.fetching = fetching;
    part.fetchReason = reason;
    part.fetchedMs = nowMs;
    if (reason === "deadline") this.#saving.add(part);
    // Where nothing of a part has come by the time that the player needs it, who was to bring it into the swarm has not.
    const hasNothing = part.signed === undefined || part.missing === part.pieceCount;
    const isOld = nowMs - this.#startedMs > 2 * this.#graceMs;
    if (reason === "backup" || (reason === "deadline" && hasNothing && isOld)) this.#committee.failed();
    this.#context.options.listener.fetch(part.key, reason, fetching.signal);
  }

  #reason(part: PartAssembly, nowMs: number): FetchReason | undefined {
    if (part.fetchFailures > 0 && nowMs - part.fetchedMs < RETRY_MS * 2 ** Math.min(part.fetchFailures - 1, 4)) {
      return undefined;
    }
    if (this.#distrust.isOn(nowMs)) return "alone";
    const isGraced = !this.#isFirst && nowMs - this.#startedMs < this.#graceMs;
    const rank = this.#rank();
    if (isGraced) return undefined;
    if (!this.#hasPeers) return "alone";
    if ((rank === 0 || this.#committee.acts) && this.#committee.feeds && this.#isNobodys(part)) return "elected";
    if (rank > 0 && nowMs - part.knownMs >= rank * this.#backupMs(part)) return "backup";
    if (this.#isStarting(nowMs) || !this.#maySave) return undefined;
    // Over a line that is full, the origin would answer after what peers have sent.
    if (part.isHeard && this.#context.neighbours.isLineFull) return nowMs >= part.deadlineMs ? "deadline" : undefined;
    const neededMs = Math.min(this.#originMs * ORIGIN_TIMES + MARGIN_MS + (this.#hash % SPREAD_MS), MAX_NEEDED_MS);
    const leadMs = part.haveMask === 0 && this.#lowerHashes === 0 ? NEIGHBOURS_LEAD_MS : 0;
    return nowMs >= part.deadlineMs - neededMs - leadMs ? "deadline" : undefined;
  }

  get #maySave(): boolean {
    if (this.#saving.size < MAX_SAVING) return true;
    // What was given up meanwhile, with a later part, is needed by nobody: an origin that hangs must not take the place of what is.
    for (const part of this.#saving) {
      if (this.#context.parts.get(part.id) === part) continue;
      this.#saving.delete(part);
      part.fetching?.abort();
    }
    return this.#saving.size < MAX_SAVING;
  }

  /** Whether no peer tells of it; or only the beginning, from who fetched before. */
  #isNobodys(part: PartAssembly): boolean {
    return !part.isHeard || (part.haveMask === 0 && part.knownMs < this.#committee.firstSinceMs);
  }

  /** Before it plays, nothing is late: a viewer that gets pieces of its peers can wait for the next. */
  #isStarting(nowMs: number): boolean {
    const graces = this.#context.neighbours.isLineFull ? MAX_GRACES_OF_FULL_LINE : MAX_GRACES;
    if (this.#playhead.isPlaying || nowMs - this.#startedMs > graces * this.#graceMs) return false;
    return nowMs - this.#context.counters.pieceMs < PROGRESS_MS;
  }

  get #hasPeers(): boolean {
    return this.#context.neighbours.list.some(({ isReady, uploads }) => isReady && uploads);
  }

  /** In the committee, or, while none is known, among the neighbours; -1 for who waits. */
  #rank(): number {
    if (this.#committee.isKnown) return this.#committee.rank;
    return this.#lowerHashes;
  }

  get #lowerHashes(): number {
    let count = 0;
    for (const { isReady, fetches, hash } of this.#context.neighbours.list) {
      if (isReady && fetches && hash < this.#hash) count += 1;
    }
    return count;
  }
}
