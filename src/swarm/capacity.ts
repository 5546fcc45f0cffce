import { SUBSTREAMS } from "./limits.ts";

/** The rest is for late pieces, for headers, and for what packets add. */
const PUSHED_SHARE = 0.75;
/** Share that is offered while there are others: half full, an uplink hands each part on in a third of the time. */
const EASY_SHARE = 0.25;
/** Children of one sub-stream that a peer aims at: so wide, trees are shallow. */
const FAN_OUT = 8;
/** What a sub-stream is worth that is not one of the peer's own, against one that is. */
const FOREIGN_VALUE = 0.3;

/** How many sub-streams an uplink carries, one to one child each. */
export function substreamsCarried(uplinkBps: number, streamBps: number): number {
  return substreamsOf(uplinkBps, streamBps, PUSHED_SHARE);
}

/** How many it carries without keeping any of them waiting. */
export function substreamsEasily(uplinkBps: number, streamBps: number): number {
  return substreamsOf(uplinkBps, streamBps, EASY_SHARE);
}

/** Whether an uplink would do others good near the source, even in the place of somebody else. */
export function isStrong(uplinkBps: number, streamBps: number): boolean {
  return substreamsEasily(uplinkBps, streamBps) >= 3 * SUBSTREAMS;
}

function substreamsOf(uplinkBps: number, streamBps: number, share: number): number {
  return Math.floor((uplinkBps * share * SUBSTREAMS) / streamBps);
}

/**
 * The sub-streams that a peer passes on before all others. One or two with many children each make shallow trees, where a few children in each
 * of eight would make chains; which ones follows from the hash of its id, so that everybody knows and nobody has to be asked.
 */
export function ownSubstreams(hash: number, carried: number): number {
  const count = Math.min(Math.max(1, Math.ceil(carried / FAN_OUT)), SUBSTREAMS);
  const first = hash % SUBSTREAMS;
  let mask = 0;
  for (let at = 0; at < count; at += 1) mask |= 1 << ((first + at) % SUBSTREAMS);
  return mask;
}

/** What a child would do for the others of its sub-stream; what it gets first, many get soon. */
export interface OnwardOptions {
  readonly hash: number;
  readonly uploads: boolean;
  readonly uplinkBps: number;
  readonly streamBps: number;
  readonly substream: number;
}

export function onwardValue({ hash, uploads, uplinkBps, streamBps, substream }: OnwardOptions): number {
  if (!uploads) return 0;
  const carried = substreamsEasily(uplinkBps, streamBps);
  const isOwn = ((ownSubstreams(hash, carried) >> substream) & 1) === 1;
  return carried * (isOwn ? 1 : FOREIGN_VALUE);
}
