import type { PartKey } from "../model/part-header.ts";
import { MAX_KEPT_PARTS, MAX_OPEN_PARTS, MAX_RENDITIONS, MAX_SEGMENTS_AHEAD, msnOf, partId } from "./limits.ts";
import { PartAssembly } from "./part-assembly.ts";

/** Where a part is known from: a peer's word, a header that may prove, or what is above doubt (a playlist, our own). */
export type KnownFrom = "word" | "header" | "playlist";

export interface PartWindowOptions {
  readonly keepMs: number;
  readonly keepBytes: number;
}

/** The parts that are kept for others, and those that are on their way. Bounded in both, by age, count and bytes. */
export class PartWindow {
  readonly #keepMs: number;
  readonly #keepBytes: number;
  readonly #parts = new Map<number, PartAssembly>();
  /** Not whole, in order. */
  readonly #open: PartAssembly[] = [];
  /** Whole, in the order in which they became so. */
  readonly #kept: PartAssembly[] = [];
  #keptBytes = 0;
  /** Ids below have left, or are not wanted. */
  #floor = 0;
  /** Highest that was proven or announced; -1 while there is none. */
  #newest = -1;

  constructor({ keepMs, keepBytes }: PartWindowOptions) {
    this.#keepMs = keepMs;
    this.#keepBytes = keepBytes;
  }

  /** Not whole, the oldest first. */
  get open(): readonly PartAssembly[] {
    return this.#open;
  }

  get count(): number {
    return this.#parts.size;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  get newest(): number {
    return this.#newest;
  }

  get(id: number): PartAssembly | undefined {
    return this.#parts.get(id);
  }

  all(): Iterable<PartAssembly> {
    return this.#parts.values();
  }

  /** Whole, in the order in which they became so. */
  get kept(): readonly PartAssembly[] {
    return this.#kept;
  }

  /** The part at `key`, made if that may be; undefined where it has left, or is too far ahead of what was proven to be believed. */
  openPart(key: PartKey, nowMs: number, from: KnownFrom = "word"): PartAssembly | undefined {
    const id = partId(key);
    const known = this.#parts.get(id);
    if (known !== undefined) return known;
    if (id < this.#floor || key.rendition >= MAX_RENDITIONS) return undefined;
    if (from !== "playlist" && this.isFarAhead(key)) return undefined;
    const { rendition, msn, part: position } = key;
    const part = new PartAssembly(id, { rendition, msn, part: position }, nowMs);
    this.#parts.set(id, part);
    let at = this.#open.length;
    while (at > 0 && this.#open[at - 1]!.id > id) at -= 1;
    this.#open.splice(at, 0, part);
    if (this.#open.length > MAX_OPEN_PARTS) this.drop(this.#leastBelieved(part, from));
    return this.#parts.get(id);
  }

  /** Too far ahead of what was proven for a peer's word to be believed. */
  isFarAhead({ msn }: PartKey): boolean {
    return this.#newest >= 0 && msn > msnOf(this.#newest) + MAX_SEGMENTS_AHEAD;
  }

  /** It is known that this part is: a playlist lists it, or its header was proven. */
  proven(part: PartAssembly): void {
    if (part.id <= this.#newest) return;
    const isFirst = this.#newest < 0;
    this.#newest = part.id;
    // Until now anything could be believed.
    if (isFirst) for (const open of this.#open.filter(({ key }) => this.isFarAhead(key))) this.drop(open);
  }

  whole(part: PartAssembly, nowMs: number): void {
    const at = this.#open.indexOf(part);
    if (at >= 0) this.#open.splice(at, 1);
    this.#kept.push(part);
    this.#keptBytes += part.bytes?.byteLength ?? 0;
    this.trim(nowMs);
  }

  drop(part: PartAssembly): void {
    this.#parts.delete(part.id);
    const at = this.#open.indexOf(part);
    if (at >= 0) this.#open.splice(at, 1);
  }

  /** Lets go of what is too old for anybody. */
  trim(nowMs: number): void {
    const untilMs = nowMs - this.#keepMs;
    let left = 0;
    for (const part of this.#kept) {
      const count = this.#kept.length - left;
      if (part.wholeMs > untilMs && this.#keptBytes <= this.#keepBytes && count <= MAX_KEPT_PARTS) break;
      left += 1;
      this.#keptBytes -= part.bytes?.byteLength ?? 0;
      this.#parts.delete(part.id);
      if (part.id >= this.#floor) this.#floor = part.id + 1;
    }
    this.#kept.splice(0, left);
    while (this.#open.length > 0 && this.#open[0]!.id < this.#floor) this.drop(this.#open[0]!);
  }

  /** What nobody proved goes first: a peer that tells of parts that are not there costs only its own. */
  #leastBelieved(comer: PartAssembly, from: KnownFrom): PartAssembly {
    const isHeaded = from === "header";
    return (
      this.#open.find((open) => open.signed === undefined && !open.isWanted && !(isHeaded && open === comer)) ??
      // Before the first header proves, all that is wanted may be made up.
      (isHeaded
        ? this.#open.findLast((open) => open.signed === undefined && open.id > this.#newest && open !== comer)
        : undefined) ??
      this.#open[0]!
    );
  }

  /** Forgets everything: numbers mean other parts from now on. */
  clear(): void {
    this.#parts.clear();
    this.#open.length = 0;
    this.#kept.length = 0;
    this.#keptBytes = 0;
    this.#floor = 0;
    this.#newest = -1;
  }

  /** Nothing before `id` is wanted. */
  raiseFloor(id: number): void {
    if (id > this.#floor) this.#floor = id;
  }
}
