import type { Acknowledged } from "./page/producer.ts";
import type { Missed, ReadSegment } from "./page/stream-reader.ts";

/** A reader that was away for longer than the window lasts is the one who missed it. */
const WINDOW_MS = 15_000;
/** Half a minute of the shortest parts, about. */
const MAX_NEWEST = 30;

interface Rendition {
  /** By number of the part: the segment that the worker said it is in. */
  readonly acknowledged: Map<number, number>;
  /** Parts that were read, by their number, of segments that are not settled yet. */
  readonly read: Map<number, number>;
  /** All segments up to this one have been read, or missed. */
  readUpTo: number;
  readonly missed: [number, number][];
  /** The newest that were acknowledged. */
  readonly newest: number[];
}

/** Holds what producers were told against what readers found: no acknowledged part may be lost. */
export class Ledger {
  readonly #renditions = new Map<string, Rendition>();
  readonly faults: string[] = [];
  /** Parts that were acknowledged, found where they were to be, and not looked for since their reader was away. */
  acknowledged = 0;
  found = 0;
  unseen = 0;

  take(stream: string, { rendition, n, msn }: Acknowledged): void {
    this.acknowledged += 1;
    const { acknowledged, newest } = this.#of(stream, rendition);
    if (acknowledged.has(n)) this.faults.push(`${stream}/${rendition}: part ${n} was acknowledged twice`);
    acknowledged.set(n, msn);
    newest.push(n);
    if (newest.length > MAX_NEWEST) newest.shift();
  }

  /** The newest parts that were acknowledged, which every window must hold. */
  newest(stream: string, rendition: string): readonly number[] {
    return this.#of(stream, rendition).newest;
  }

  /** The stream has ended, and another takes its name: what there was of it goes with its window. */
  replaced(stream: string): void {
    for (const [key, { newest }] of this.#renditions) if (key.startsWith(`${stream}/`)) newest.length = 0;
  }

  see(stream: string, { rendition, msn, numbers }: ReadSegment): void {
    const known = this.#of(stream, rendition);
    for (const n of numbers) {
      const before = known.read.get(n);
      if (before !== undefined && before !== msn) {
        this.faults.push(`${stream}/${rendition}: part ${n} is in the segments ${before} and ${msn}`);
      }
      known.read.set(n, msn);
    }
    known.readUpTo = Math.max(known.readUpTo, msn);
  }

  miss(stream: string, { rendition, fromMsn, toMsn, awayMs }: Missed): void {
    const known = this.#of(stream, rendition);
    if (awayMs < WINDOW_MS) {
      this.faults.push(`${stream}/${rendition}: segments ${fromMsn} to ${toMsn} left the window within ${awayMs} ms`);
    }
    known.missed.push([fromMsn, toMsn]);
    known.readUpTo = Math.max(known.readUpTo, toMsn);
  }

  readUpTo(stream: string): Readonly<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const [key, { readUpTo }] of this.#renditions) {
      const [name = "", rendition = ""] = key.split("/");
      if (name === stream) found[rendition] = readUpTo;
    }
    return found;
  }

  /** Parts that wait for their segment to be read. */
  get open(): number {
    let open = 0;
    for (const { acknowledged } of this.#renditions.values()) open += acknowledged.size;
    return open;
  }

  /** Judges every part whose segment must have been read by now, and forgets it. */
  settle(): void {
    for (const [key, known] of this.#renditions) {
      for (const [n, msn] of known.acknowledged) {
        if (msn > known.readUpTo) continue;
        known.acknowledged.delete(n);
        const readIn = known.read.get(n);
        if (readIn === msn) this.found += 1;
        else if (known.missed.some(([from, to]) => msn >= from && msn <= to)) this.unseen += 1;
        else if (readIn === undefined) this.faults.push(`${key}: part ${n}, acknowledged in segment ${msn}, is lost`);
        else this.faults.push(`${key}: part ${n}, acknowledged in segment ${msn}, is in segment ${readIn}`);
      }
      // Repeats of what is older would be in segments that are known already.
      for (const [n, msn] of known.read) if (msn < known.readUpTo - 100) known.read.delete(n);
      if (known.missed.length > 100) known.missed.shift();
    }
  }

  #of(stream: string, rendition: string): Rendition {
    const key = `${stream}/${rendition}`;
    let known = this.#renditions.get(key);
    if (known === undefined) {
      known = { acknowledged: new Map(), read: new Map(), readUpTo: 0, missed: [], newest: [] };
      this.#renditions.set(key, known);
    }
    return known;
  }
}
