import type { Bytes } from "../../model/bytes.ts";
import { fromHex, toHex } from "./hex.ts";

/**
 * Where one rendition of the source was when its last part was fed to the worker. It is told as the source numbers it: the worker
 * cuts segments by rules of its own, and wall clocks jitter, so neither its numbers nor its dates would find the part again.
 */
export interface FeedPosition {
  /** Of the source. */
  readonly epoch: string;
  readonly msn: number;
  readonly part: number;
  /** Wall clock of the end of that part, as the source has it. */
  readonly endWallMs: number;
  /** Of that part's header: what the next one names. */
  readonly digest: Bytes;
  /** Of the init segment in effect. */
  readonly init: Bytes;
}

const MARK = /^([0-9a-z]{1,16}):(\d{1,15}):(\d{1,4}):(\d{1,15}):([0-9a-f]{64}):([0-9a-f]{64})$/;

/** What the worker keeps with the last part. */
export function markOf({ epoch, msn, part, endWallMs, digest, init }: FeedPosition): string {
  return [epoch, msn, part, Math.round(endWallMs), toHex(digest), toHex(init)].join(":");
}

/** Undefined for a mark that is none, as an older version may have left it. */
export function readMark(mark: string): FeedPosition | undefined {
  const [, epoch, msn, part, endWallMs, digest, init] = MARK.exec(mark) ?? [];
  if (epoch === undefined || digest === undefined || init === undefined) return undefined;
  return {
    epoch,
    msn: Number(msn),
    part: Number(part),
    endWallMs: Number(endWallMs),
    digest: fromHex(digest),
    init: fromHex(init),
  };
}
