import { type AskedRequest, isMatch } from "./asked-request.ts";
import { isAnswerFault } from "./check-faults.ts";
import type { AnswerFault, OriginFault, ProducerFault, RequestMatch } from "./origin-fault.ts";

/** A fault of a script, by its place in it. */
export interface ScriptedFault {
  readonly index: number;
  /** With its `atMs`. */
  readonly fault: OriginFault & { readonly atMs: number };
}

/** A fault that has happened. */
export interface FaultEvent {
  /** Its place in the script, from 0. */
  readonly index: number;
  /** Of the fault. */
  readonly kind: OriginFault["kind"];
  /** When, in ms of the stream's time. */
  readonly atMs: number;
  /** What it happened to; undefined where it is what was published. */
  readonly asked?: AskedRequest;
}

/** How often requests of each page have matched each fault: what a host that starts anew goes on from. */
export type MatchCounts = readonly (readonly [key: string, count: number])[];

/** Pages that are counted apart; more share the last count. */
const MAX_COUNTS = 5_000;
const IN_MEDIA: ReadonlySet<AskedRequest["kind"]> = new Set(["part", "segment"]);

/**
 * Says what happens when: which faults befall a request, and which the producer has to bring about. It keeps no time of its own, and draws
 * nothing at random: the same requests at the same times meet the same faults.
 */
export class FaultScript {
  readonly #faults: ScriptedFault[] = [];
  readonly #counts: Map<string, number>;
  /** Producer faults that have had their request. */
  readonly #spent = new Set<number>();

  constructor(faults: readonly OriginFault[] = [], counts: MatchCounts = []) {
    this.#counts = new Map(counts);
    for (const [key] of counts) if (!key.includes(" ")) this.#spent.add(Number(key));
    this.add(faults, 0);
  }

  get faults(): readonly ScriptedFault[] {
    return this.#faults;
  }

  get counts(): MatchCounts {
    return [...this.#counts];
  }

  /** Adds some; those without a time are from `nowMs` on. Returns them with their places. */
  add(faults: readonly OriginFault[], nowMs: number): readonly ScriptedFault[] {
    const added = faults.map((fault, at) => ({
      index: this.#faults.length + at,
      fault: { ...fault, atMs: fault.atMs ?? nowMs },
    }));
    this.#faults.push(...added);
    return added;
  }

  /** Faults of the producer that are due by time alone. */
  get timed(): readonly (ScriptedFault & { readonly fault: ProducerFault })[] {
    return this.#faults.filter(
      (one): one is ScriptedFault & { readonly fault: ProducerFault & { atMs: number } } =>
        !isAnswerFault(one.fault) && one.fault.on === undefined,
    );
  }

  /** Counts a request, and says what befalls it and what else happens with it. */
  befalls(
    asked: AskedRequest,
    nowMs: number,
  ): { readonly answer: readonly AnswerEvent[]; readonly producer: readonly ScriptedFault[] } {
    const answer: AnswerEvent[] = [];
    const producer: ScriptedFault[] = [];
    for (const scripted of this.#faults) {
      const { index, fault } = scripted;
      if (nowMs < fault.atMs) continue;
      if (isAnswerFault(fault)) {
        if (this.#befalls(index, fault, { asked, nowMs })) answer.push({ index, fault, untilMs: endOf(fault) });
        continue;
      }
      if (fault.on === undefined || this.#spent.has(index) || !isMatch(fault.on, asked)) continue;
      // Of whichever page: it happens once.
      if (this.#count(`${index} `) < (fault.on.nth ?? 1)) continue;
      this.#spent.add(index);
      this.#counts.set(`${index}`, 1);
      producer.push(scripted);
    }
    return { answer, producer };
  }

  #befalls(
    index: number,
    fault: AnswerFault & { readonly atMs: number },
    { asked, nowMs }: { readonly asked: AskedRequest; readonly nowMs: number },
  ): boolean {
    if (nowMs >= endOf(fault)) return false;
    const on = targetOf(fault);
    if (on === undefined ? !isDefaultTarget(fault, asked) : !isMatch(on, asked)) return false;
    const from = fault.on?.nth ?? 1;
    const times = fault.times ?? (fault.on?.nth === undefined ? Number.POSITIVE_INFINITY : 1);
    const count = this.#count(`${index} ${asked.page}`);
    return count >= from && count < from + times;
  }

  #count(key: string): number {
    const count = (this.#counts.get(key) ?? 0) + 1;
    if (this.#counts.has(key) || this.#counts.size < MAX_COUNTS) this.#counts.set(key, count);
    return count;
  }
}

/** A fault that befalls an answer. */
export interface AnswerEvent {
  readonly index: number;
  readonly fault: AnswerFault;
  /** Time of the stream at which it is over. */
  readonly untilMs: number;
}

function endOf({ atMs = 0, durationMs = Number.POSITIVE_INFINITY }: AnswerFault): number {
  return atMs + durationMs;
}

function targetOf(fault: AnswerFault): RequestMatch | undefined {
  if (fault.kind === "rendition-lost") return { ...fault.on, rendition: fault.rendition };
  return fault.on;
}

/** Of a fault that does not say what it is for. */
function isDefaultTarget({ kind }: AnswerFault, asked: AskedRequest): boolean {
  switch (kind) {
    case "corrupt":
    case "truncate":
      return IN_MEDIA.has(asked.kind);
    case "stale-playlist":
    case "sequence-jump":
    case "wrong-duration":
      return asked.kind === "media";
    default:
      return true;
  }
}
