import { shiftPart, timescaleOf } from "../../e2e/kit/shift-part.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A second of the pattern, which is played again and again behind itself. */
export interface Clip {
  readonly init: Bytes;
  readonly rendition: {
    readonly codecs: string;
    readonly bandwidth: number;
    readonly width: number;
    readonly height: number;
  };
  readonly parts: readonly { readonly bytes: Bytes; readonly durationMs: number; readonly independent: boolean }[];
}

/** When a part was published, or answered to be there: by its date, both in ms since 1970. */
export type Seen = readonly [dateMs: number, atMs: number];

export const STREAM = "studio";
export const OPTIONS = { partTargetMs: 350, targetDurationMs: 2_000, segmentMinMs: 0 } as const;

/** One clock for all tabs of a machine. */
export const nowMs = (): number => performance.timeOrigin + performance.now();

/** The parts of a clip without an end, each made as large as `sizeBytes` by a box that no player looks at. */
export function* endless({ init, parts }: Clip, from: { number: number }, sizeBytes: number) {
  const timescale = timescaleOf(init);
  const lengthMs = parts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  for (;;) {
    const round = Math.floor(from.number / parts.length);
    const part = parts[from.number % parts.length];
    from.number += 1;
    if (part === undefined) return;
    const shifted = shiftPart(part.bytes, Math.round((round * lengthMs * timescale) / 1000));
    yield { ...part, bytes: padded(shifted, Math.max(8, sizeBytes - shifted.byteLength)) };
  }
}

/** Noise, so that nothing makes it smaller than it is. */
function padded(part: Bytes, padBytes: number): Bytes {
  const bytes = new Uint8Array(padBytes + part.byteLength);
  for (let at = 8; at < padBytes; at += 65_536)
    crypto.getRandomValues(bytes.subarray(at, Math.min(padBytes, at + 65_536)));
  new DataView(bytes.buffer).setUint32(0, padBytes);
  bytes.set(new TextEncoder().encode("free"), 4);
  bytes.set(part, padBytes);
  return bytes;
}

export interface Sending {
  readonly count: number;
  readonly sizeBytes: number;
  /** From one part to the next; 0: as fast as they are taken. */
  readonly everyMs: number;
}

/** Publishes parts at their time; returns when each was handed over. */
export async function sendParts(
  parts: Iterator<{ readonly bytes: Bytes; readonly durationMs: number; readonly independent: boolean }>,
  { count, everyMs }: Sending,
  clock: { dateMs: number },
  take: (part: { bytes: Bytes; durationMs: number; independent: boolean; programDateTimeMs: number }) => unknown,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  let dueMs = performance.now();
  for (let number = 0; number < count; number += 1) {
    const { value } = parts.next();
    if (value === undefined) break;
    if (everyMs > 0) {
      dueMs += everyMs;
      await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    }
    const programDateTimeMs = Math.round(clock.dateMs);
    clock.dateMs += value.durationMs;
    seen.push([programDateTimeMs, nowMs()]);
    await take({ ...value, programDateTimeMs });
  }
  return seen;
}
