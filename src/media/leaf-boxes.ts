/**
 * The boxes without children that a playlist's maker reads of media, and of each the fields that are used here. All take the body of the
 * box, and throw a RangeError where it ends too early. They are written out since a worker carries them, and reads one of each part.
 * @see ISO/IEC 14496-12 8
 */
type Body = DataView<ArrayBuffer>;

/** Of a full box. */
const versionOf = (body: Body): number => body.getUint8(0);
const flagsOf = (body: Body): number => body.getUint32(0) & 0xff_ffff;

function uint64(body: Body, at: number): number {
  return body.getUint32(at) * 2 ** 32 + body.getUint32(at + 4);
}

/** After the times of creation and modification, which version 1 has in 64 bits (8.3.2, 8.4.2). */
const afterTimes = (body: Body): number => (versionOf(body) === 1 ? 20 : 12);

/** 8.3.2 */
export function readTkhd(body: Body): { readonly trackId: number } {
  return { trackId: body.getUint32(afterTimes(body)) };
}

/** 8.4.2 */
export function readMdhd(body: Body): { readonly timescale: number } {
  return { timescale: body.getUint32(afterTimes(body)) };
}

/** 8.4.3 */
export function readHdlr(body: Body): { readonly handlerType: string } {
  return { handlerType: String.fromCharCode(...[8, 9, 10, 11].map((at) => body.getUint8(at))) };
}

export interface Trex {
  readonly trackId: number;
  readonly defaultSampleDuration: number;
  readonly defaultSampleSize: number;
  readonly defaultSampleFlags: number;
}

/** 8.8.3 */
export function readTrex(body: Body): Trex {
  return {
    trackId: body.getUint32(4),
    defaultSampleDuration: body.getUint32(12),
    defaultSampleSize: body.getUint32(16),
    defaultSampleFlags: body.getUint32(20),
  };
}

export interface Tfhd {
  readonly flags: number;
  readonly trackId: number;
  readonly defaultSampleDuration: number | undefined;
  readonly defaultSampleSize: number | undefined;
  readonly defaultSampleFlags: number | undefined;
}

/** 8.8.7 */
export function readTfhd(body: Body): Tfhd {
  const flags = flagsOf(body);
  let at = 8;
  if (flags & 0x1) at += 8; // base data offset
  if (flags & 0x2) at += 4; // sample description
  const next = (flag: number): number | undefined => {
    if ((flags & flag) === 0) return undefined;
    at += 4;
    return body.getUint32(at - 4);
  };
  return {
    flags,
    trackId: body.getUint32(4),
    defaultSampleDuration: next(0x8),
    defaultSampleSize: next(0x10),
    defaultSampleFlags: next(0x20),
  };
}

/** 8.8.12 */
export function readTfdt(body: Body): { readonly baseMediaDecodeTime: number } {
  return { baseMediaDecodeTime: versionOf(body) === 1 ? uint64(body, 4) : body.getUint32(4) };
}

/** What a sample says of itself; the rest is what its run, its fragment or its track says. */
export interface TrunSample {
  readonly sampleDuration: number | undefined;
  readonly sampleSize: number | undefined;
  readonly sampleFlags: number | undefined;
  readonly sampleCompositionTimeOffset: number | undefined;
}

export interface Trun {
  readonly sampleCount: number;
  readonly dataOffset: number | undefined;
  readonly firstSampleFlags: number | undefined;
  readonly samples: readonly TrunSample[];
}

/** 8.8.8. The count is whatever somebody wrote: who reads what strangers send looks at it first. */
export function readTrun(body: Body): Trun {
  const flags = flagsOf(body);
  let at = 8;
  const next = (flag: number): number | undefined => {
    if ((flags & flag) === 0) return undefined;
    at += 4;
    return body.getUint32(at - 4);
  };
  const sampleCount = body.getUint32(4);
  const dataOffset = signed(next(0x1));
  const firstSampleFlags = next(0x4);
  const hasSignedOffsets = versionOf(body) === 1;
  const samples: TrunSample[] = [];
  while (samples.length < sampleCount) {
    const sampleDuration = next(0x100);
    const sampleSize = next(0x200);
    const sampleFlags = next(0x400);
    const offset = next(0x800);
    samples.push({
      sampleDuration,
      sampleSize,
      sampleFlags,
      sampleCompositionTimeOffset: hasSignedOffsets ? signed(offset) : offset,
    });
  }
  return { sampleCount, dataOffset, firstSampleFlags, samples };
}

/** The same 32 bits as a signed number. */
function signed(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value | 0;
}
