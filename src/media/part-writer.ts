import { writeMfhd, writeTfdt, writeTfhd, writeTrun } from "@svta/cml-iso-bmff";
import type { Bytes } from "../model/bytes.ts";

/** One encoded frame as a part carries it. All times are whole ticks of its track. */
export interface PartSample {
  readonly bytes: Bytes;
  readonly durationTicks: number;
  /** Decodable on its own. */
  readonly sync: boolean;
  /** Presentation time less decode time; may be negative. */
  readonly compositionOffsetTicks: number;
}

export interface PartTrackSamples {
  readonly trackId: number;
  /** Decode time of the first sample. */
  readonly baseTicks: number;
  /** In decode order. */
  readonly samples: readonly PartSample[];
}

export interface PartContents {
  /** Grows by one with each part of a stream, from 1. */
  readonly sequenceNumber: number;
  /** Video before audio; a track without samples is left out. */
  readonly tracks: readonly PartTrackSamples[];
}

const SYNC_FLAGS = 0x0200_0000;
const NON_SYNC_FLAGS = 0x0101_0000;

const TFHD = { defaultDuration: 0x8, defaultFlags: 0x20, defaultBaseIsMoof: 0x2_0000 } as const;
const TRUN = {
  dataOffset: 0x1,
  firstFlags: 0x4,
  duration: 0x100,
  size: 0x200,
  flags: 0x400,
  compositionOffset: 0x800,
} as const;
const BOX_HEADER_SIZE = 8;

/**
 * Writes one moof and mdat: one track fragment with one run for each track, data in the order of the tracks. The result is one
 * buffer that belongs to the caller; the samples are copied into it once.
 * @see ISO/IEC 14496-12 8.8; ISO/IEC 23000-19 7.3.2.3
 */
export function writePart({ sequenceNumber, tracks }: PartContents): Bytes {
  const runs = tracks.filter((track) => track.samples.length > 0).map(describeRun);
  const mfhd = bytesOf(writeMfhd({ type: "mfhd", version: 0, flags: 0, sequenceNumber: sequenceNumber >>> 0 }));
  const heads = runs.map((run) => [writeHead(run), writeTime(run)] as const);
  const trafSizes = runs.map((run, i) => BOX_HEADER_SIZE + sizeOf(heads[i] ?? []) + run.trunSize);
  const moofSize = BOX_HEADER_SIZE + mfhd.byteLength + trafSizes.reduce((sum, size) => sum + size, 0);
  const mdatSize = BOX_HEADER_SIZE + runs.reduce((sum, run) => sum + run.dataSize, 0);

  const writer = new ByteWriter(moofSize + mdatSize);
  writer.header("moof", moofSize);
  writer.put(mfhd);
  let dataOffset = moofSize + BOX_HEADER_SIZE;
  for (const [i, run] of runs.entries()) {
    writer.header("traf", trafSizes[i] ?? 0);
    for (const box of heads[i] ?? []) writer.put(box);
    writer.put(writeRun(run, dataOffset));
    dataOffset += run.dataSize;
  }
  writer.header("mdat", mdatSize);
  for (const run of runs) for (const sample of run.track.samples) writer.put(sample.bytes);
  return writer.bytes;
}

interface Run {
  readonly track: PartTrackSamples;
  readonly trunFlags: number;
  readonly trunSize: number;
  readonly dataSize: number;
  readonly defaultDuration: number;
  readonly defaultFlags: number;
}

/** What all samples share goes into the track fragment header once. */
function describeRun(track: PartTrackSamples): Run {
  const { samples } = track;
  const defaultDuration = samples[0]?.durationTicks ?? 0;
  // The first is often the only sync sample of a run, or the only one that is not; the second speaks for the rest.
  const rest = samples[1] ?? samples[0];
  const defaultFlags = rest?.sync ? SYNC_FLAGS : NON_SYNC_FLAGS;
  let trunFlags: number = TRUN.dataOffset | TRUN.size;
  if (samples.some((sample) => sample.durationTicks !== defaultDuration)) trunFlags |= TRUN.duration;
  if (samples.some((sample, i) => i > 0 && sample.sync !== rest?.sync)) trunFlags |= TRUN.flags;
  else if (samples[0]?.sync !== rest?.sync) trunFlags |= TRUN.firstFlags;
  if (samples.some((sample) => sample.compositionOffsetTicks !== 0)) trunFlags |= TRUN.compositionOffset;
  const perSample =
    [TRUN.duration, TRUN.size, TRUN.flags, TRUN.compositionOffset].filter((flag) => trunFlags & flag).length * 4;
  return {
    track,
    trunFlags,
    trunSize: 20 + (trunFlags & TRUN.firstFlags ? 4 : 0) + samples.length * perSample,
    dataSize: samples.reduce((sum, sample) => sum + sample.bytes.byteLength, 0),
    defaultDuration,
    defaultFlags,
  };
}

function writeHead({ track, defaultDuration, defaultFlags }: Run): Bytes {
  return bytesOf(
    writeTfhd({
      type: "tfhd",
      version: 0,
      flags: TFHD.defaultBaseIsMoof | TFHD.defaultDuration | TFHD.defaultFlags,
      trackId: track.trackId,
      defaultSampleDuration: defaultDuration,
      defaultSampleFlags: defaultFlags,
    }),
  );
}

function writeTime({ track }: Run): Bytes {
  return bytesOf(writeTfdt({ type: "tfdt", version: 1, flags: 0, baseMediaDecodeTime: track.baseTicks }));
}

function writeRun({ track, trunFlags }: Run, dataOffset: number): Bytes {
  const samples = track.samples.map((sample) => ({
    sampleDuration: sample.durationTicks,
    sampleSize: sample.bytes.byteLength,
    sampleFlags: sample.sync ? SYNC_FLAGS : NON_SYNC_FLAGS,
    sampleCompositionTimeOffset: sample.compositionOffsetTicks,
  }));
  return bytesOf(
    writeTrun({
      type: "trun",
      version: 1, // signed composition offsets
      flags: trunFlags,
      sampleCount: samples.length,
      dataOffset,
      firstSampleFlags: track.samples[0]?.sync ? SYNC_FLAGS : NON_SYNC_FLAGS,
      samples,
    }),
  );
}

function bytesOf(box: { readonly buffer: ArrayBufferLike; readonly byteLength: number }): Bytes {
  return new Uint8Array(box.buffer as ArrayBuffer, 0, box.byteLength);
}

function sizeOf(boxes: readonly Bytes[]): number {
  return boxes.reduce((sum, box) => sum + box.byteLength, 0);
}

class ByteWriter {
  readonly bytes: Bytes;
  #at = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  header(type: string, size: number): void {
    new DataView(this.bytes.buffer).setUint32(this.#at, size);
    for (let i = 0; i < 4; i++) this.bytes[this.#at + 4 + i] = type.charCodeAt(i);
    this.#at += BOX_HEADER_SIZE;
  }

  put(bytes: Bytes): void {
    this.bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }
}
