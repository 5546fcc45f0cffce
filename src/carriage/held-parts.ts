import { type PartKey, partNumber } from "../model/part-header.ts";
import { MAX_HAVE_RANGES } from "../wire/frame-limits.ts";
import type { HaveRange, PeerFrame } from "../wire/peer-frame.ts";

type Have = Extract<PeerFrame, { readonly kind: "have" }>;

/** Parts of one rendition that are remembered. */
const MAX_PARTS = 1_024;

/** Which parts one side has, to tell the other: the last ones of each rendition. */
export class HeldParts {
  /** By rendition, by part number. */
  readonly #parts = new Map<number, Map<number, PartKey>>();

  /** False for one that was there. */
  add(key: PartKey): boolean {
    const parts = this.#parts.get(key.rendition) ?? new Map<number, PartKey>();
    this.#parts.set(key.rendition, parts);
    const number = partNumber(key);
    if (parts.has(number)) return false;
    parts.set(number, key);
    for (const oldest of parts.keys()) {
      if (parts.size <= MAX_PARTS) break;
      parts.delete(oldest);
    }
    return true;
  }

  has(key: PartKey): boolean {
    return this.#parts.get(key.rendition)?.has(partNumber(key)) ?? false;
  }

  /** Another epoch numbers other parts. */
  clear(): void {
    this.#parts.clear();
  }

  /** All of them, one frame for each rendition; the newest, where a frame takes no more. */
  frames(): Have[] {
    return [...this.#parts].map(([rendition, parts]) => {
      const ranges: HaveRange[] = [];
      for (const [, { msn, part }] of [...parts].sort(([left], [right]) => left - right)) {
        const before = ranges.at(-1);
        const follows = before?.last.msn === msn && before.last.part + 1 === part;
        if (follows) ranges.splice(-1, 1, { first: before.first, last: { msn, part } });
        else ranges.push({ first: { msn, part }, last: { msn, part } });
      }
      return { kind: "have", rendition, hops: 0, ranges: ranges.slice(-MAX_HAVE_RANGES) };
    });
  }
}

/** That one part has come: the answer to it. */
export function answerTo({ rendition, msn, part }: PartKey): Have {
  const position = { msn, part };
  return { kind: "have", rendition, hops: 0, ranges: [{ first: position, last: position }] };
}
