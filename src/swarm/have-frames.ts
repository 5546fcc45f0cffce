import type { HaveRange, PeerFrame } from "../wire/peer-frame.ts";
import type { PartAssembly } from "./part-assembly.ts";

type Have = Extract<PeerFrame, { readonly kind: "have" }>;

/** Ranges told to a new neighbour, the newest of each rendition: more it does not need to start. */
const MAX_RANGES = 64;

/** What of `parts` there is, for who has just come: ranges within one segment each, since a reader cannot know how many parts one has. */
export function haveFrames(parts: Iterable<PartAssembly>): readonly Have[] {
  const byRendition = new Map<number, PartAssembly[]>();
  for (const part of parts) {
    const { rendition } = part.key;
    const list = byRendition.get(rendition);
    if (list === undefined) byRendition.set(rendition, [part]);
    else list.push(part);
  }
  return [...byRendition].map(([rendition, list]) => {
    list.sort((a, b) => a.id - b.id);
    return { kind: "have", rendition, hops: list.at(-1)?.hops ?? 0, ranges: rangesOf(list).slice(-MAX_RANGES) };
  });
}

function rangesOf(parts: readonly PartAssembly[]): HaveRange[] {
  const ranges: { first: { msn: number; part: number }; last: { msn: number; part: number } }[] = [];
  for (const { key } of parts) {
    const position = { msn: key.msn, part: key.part };
    const open = ranges.at(-1);
    if (open !== undefined && open.last.msn === key.msn && open.last.part + 1 === key.part) open.last = position;
    else ranges.push({ first: position, last: position });
  }
  return ranges;
}
