import type { Waiters } from "../cache/waiters.ts";
import type { PartId } from "../model/ids.ts";
import type { InspectedRendition, InspectedStream, InspectedWait, TracedRequest } from "../model/inspection.ts";
import { inspectSlots } from "./inspect-slots.ts";
import { positionOf } from "./reload.ts";
import type { Rendition } from "./rendition.ts";
import type { RenditionParts } from "./rendition-parts.ts";
import type { Stream } from "./stream.ts";

/** What a rendition shows to who looks into it. Looking changes nothing. */
export interface RenditionInside extends Pick<RenditionParts, "ring" | "manifest" | "notes"> {
  /** Playlist requests that wait. */
  readonly reloads: Waiters;
  /** Whether the media of a part is on disk. */
  isStored(id: PartId): boolean;
  /** Whether what is listed and has left the ring is on disk. */
  readonly isArchived: boolean;
}

/** A stream as it is now, with the newest slots of each rendition. */
export function inspectStream({ name, epoch, ended, renditions }: Stream, newest: number): InspectedStream {
  return { name, epoch, ended, renditions: [...renditions.values()].map((one) => inspectRendition(one, newest)) };
}

function inspectRendition({ inside, options, next }: Rendition, newest: number): InspectedRendition {
  const { ring, manifest } = inside;
  const { capacity, floorId, stats } = ring;
  return {
    id: options.id,
    kind: options.kind,
    capacity,
    nextId: manifest.nextPartId,
    floorId,
    evicted: stats.evicted,
    initIndex: next.initIndex - 1,
    slots: inspectSlots({ ...inside, newest }),
    waits: waitsOf(inside),
  };
}

/** What requests wait for now. */
function waitsOf({ reloads, ring }: RenditionInside): readonly InspectedWait[] {
  const waits: InspectedWait[] = [];
  for (const { key, waiting } of reloads.pending()) waits.push({ position: positionOf(key), requests: waiting });
  for (const { key, waiting } of ring.pendingWaits()) waits.push({ partId: key, requests: waiting });
  return waits;
}

/** Where the media of a request is now. */
export function whereIs(
  rendition: Rendition,
  kind: "init" | "part" | "segment",
  number: number,
): TracedRequest["from"] {
  const { ring, manifest, isStored, isArchived } = rendition.inside;
  const { nextPartId, lastMsn } = manifest;
  if (kind === "init") {
    if (ring.init(number) !== undefined) return "ring";
    const oldest = manifest.segment(manifest.dvrFirstMsn)?.initIndex ?? Number.POSITIVE_INFINITY;
    return isArchived && number >= oldest && number < rendition.next.initIndex ? "disk" : "nowhere";
  }
  if (kind === "part") {
    if (number >= nextPartId) return "ahead";
    return ring.get(number) !== undefined ? "ring" : isStored(number) ? "disk" : "nowhere";
  }
  const segment = manifest.segment(number);
  if (segment === undefined) return number > lastMsn ? "ahead" : "nowhere";
  let inRing = 0;
  for (let id = segment.firstPartId; id < segment.firstPartId + segment.partCount; id += 1)
    if (ring.get(id) !== undefined) inRing += 1;
  if (inRing === segment.partCount - segment.gapCount) return "ring";
  // A segment is answered whole or not at all.
  if (!isArchived) return "nowhere";
  return inRing > 0 ? "both" : "disk";
}
