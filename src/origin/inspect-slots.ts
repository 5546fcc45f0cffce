import type { SlotRing } from "../cache/slot-ring.ts";
import type { PartId } from "../model/ids.ts";
import {
  type InspectedSlots,
  SLOT_GAP,
  SLOT_IN_DVR,
  SLOT_IN_RING,
  SLOT_INDEPENDENT,
  SLOT_LISTED,
  SLOT_SOURCES,
  SLOT_STORED,
} from "../model/inspection.ts";
import { PART_GAP, PART_INDEPENDENT } from "../model/record.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { PartNotes } from "./part-notes.ts";

export interface SlotsContext {
  readonly ring: SlotRing;
  readonly manifest: M3u8Manifest;
  readonly notes: PartNotes | undefined;
  /** Slots that are told of at most. */
  readonly newest: number;
  /** Whether the media of a part is on disk. */
  isStored(id: PartId): boolean;
}

/** The slots of a rendition as they are now: the newest, as many as the ring has. Nothing of it is kept, and no media is copied. */
export function inspectSlots({ ring, manifest, notes, newest, isStored }: SlotsContext): InspectedSlots {
  const endId = manifest.nextPartId;
  const firstId = Math.max(0, endId - Math.min(ring.capacity, newest));
  const count = endId - firstId;
  const slots: InspectedSlots = {
    firstId,
    msns: new Float64Array(count),
    parts: new Uint16Array(count),
    durationsMs: new Float32Array(count),
    sizesBytes: new Uint32Array(count),
    takenAtMs: new Float64Array(count),
    flags: new Uint8Array(count),
    sources: new Uint8Array(count),
  };
  placeSlots(slots, manifest);
  for (let column = 0; column < count; column += 1) {
    const id = firstId + column;
    const note = notes?.get(id);
    const slot = ring.get(id);
    const marks = note?.flags ?? 0;
    slots.durationsMs[column] = note?.durationMs ?? 0;
    slots.sizesBytes[column] = slot?.bytes.byteLength ?? note?.sizeBytes ?? 0;
    slots.takenAtMs[column] = note?.takenAtMs ?? 0;
    slots.sources[column] = note?.source === undefined ? 0 : SLOT_SOURCES.indexOf(note.source);
    slots.flags[column] =
      (slots.flags[column] ?? 0) |
      (slot === undefined ? 0 : SLOT_IN_RING) |
      (isStored(id) ? SLOT_STORED : 0) |
      (marks & PART_INDEPENDENT ? SLOT_INDEPENDENT : 0) |
      (marks & PART_GAP ? SLOT_GAP : 0);
  }
  return slots;
}

/** Says of each column which segment has it, from the newest segment back to the first column. */
function placeSlots({ firstId, msns, parts, flags }: InspectedSlots, manifest: M3u8Manifest): void {
  for (let msn = manifest.lastMsn; ; msn -= 1) {
    const segment = manifest.segment(msn);
    if (segment === undefined || segment.firstPartId + segment.partCount <= firstId) return;
    const list = (msn >= manifest.firstMsn ? SLOT_LISTED : 0) | (msn >= manifest.dvrFirstMsn ? SLOT_IN_DVR : 0);
    for (let part = 0; part < segment.partCount; part += 1) {
      const column = segment.firstPartId + part - firstId;
      if (column < 0) continue;
      msns[column] = msn;
      parts[column] = part;
      flags[column] = list;
    }
  }
}
