import {
  IsoBoxReadView,
  readElst,
  readMfhd,
  readSidx,
  readTfdt,
  readTfhd,
  readTkhd,
  readTrun,
} from "@svta/cml-iso-bmff";
import type { Bytes } from "../model/bytes.ts";
import { join } from "./box-writer.ts";
import { BoxReader, type BoxSpan } from "./boxes.ts";
import { parseInitSegment } from "./init-segment.ts";

/** A reader of boxes that is not ours, as `BoxReader.read()` takes one. */
export function byOther<T>(read: (view: IsoBoxReadView) => T): (body: DataView<ArrayBuffer>) => T {
  return (body) => read(new IsoBoxReadView(body));
}

/** A run of samples as a finished clip has it. */
export interface ClipRun {
  readonly trackId: number;
  readonly sequenceNumber: number;
  /** Decode time. */
  readonly startTicks: number;
  readonly endTicks: number;
  /** Earliest presentation time, in seconds. */
  readonly shownS: number;
  /** First byte of each sample's data. */
  readonly firstByte: number | undefined;
}

export interface ReadClip {
  readonly bytes: Bytes;
  readonly types: readonly string[];
  readonly trackIds: readonly number[];
  readonly timescales: readonly number[];
  readonly sidx: ReturnType<typeof readSidx>;
  /** Where the media begins. */
  readonly mediaStart: number;
  readonly runs: readonly ClipRun[];
}

export async function collect(chunks: AsyncIterable<Bytes>): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return join(pieces);
}

/** Reads a finished clip with a reader that shares nothing with its writer but the boxes. */
export function readClip(bytes: Bytes): ReadClip {
  const reader = new BoxReader(bytes, "internal");
  const tops = reader.boxes(0, reader.size);
  const top = (type: string): BoxSpan => tops.find((box) => box.type === type) ?? reader.fail(`expected ${type}`);
  const init = parseInitSegment(bytes.subarray(0, top("moov").end));
  const traks = reader.children(top("moov")).filter(({ type }) => type === "trak");
  const edits = new Map<number, number>();
  for (const trak of traks) {
    const { trackId } = reader.read(reader.child(trak, "tkhd"), byOther(readTkhd));
    const edts = reader.children(trak).find(({ type }) => type === "edts");
    const [entry] = edts ? reader.read(reader.child(edts, "elst"), byOther(readElst)).entries : [];
    edits.set(trackId, entry?.mediaTime ?? 0);
  }
  const runs: ClipRun[] = [];
  for (const moof of tops.filter(({ type }) => type === "moof")) {
    const { sequenceNumber } = reader.read(reader.child(moof, "mfhd"), byOther(readMfhd));
    for (const traf of reader.children(moof).filter(({ type }) => type === "traf")) {
      const tfhd = reader.read(reader.child(traf, "tfhd"), byOther(readTfhd));
      const startTicks = reader.read(reader.child(traf, "tfdt"), byOther(readTfdt)).baseMediaDecodeTime;
      const trun = reader.read(reader.child(traf, "trun"), byOther(readTrun));
      const timescale = init.tracks.find(({ id }) => id === tfhd.trackId)?.timescale ?? Number.NaN;
      let endTicks = startTicks;
      let shownTicks = Number.POSITIVE_INFINITY;
      for (const sample of trun.samples) {
        shownTicks = Math.min(shownTicks, endTicks + (sample.sampleCompositionTimeOffset ?? 0));
        endTicks += sample.sampleDuration ?? tfhd.defaultSampleDuration ?? Number.NaN;
      }
      runs.push({
        trackId: tfhd.trackId,
        sequenceNumber,
        startTicks,
        endTicks,
        shownS: (shownTicks - (edits.get(tfhd.trackId) ?? 0)) / timescale,
        firstByte: bytes[moof.start + (trun.dataOffset ?? 0)],
      });
    }
  }
  return {
    bytes,
    types: tops.map(({ type }) => type),
    trackIds: init.tracks.map(({ id }) => id),
    timescales: init.tracks.map(({ timescale }) => timescale),
    sidx: reader.read(top("sidx"), byOther(readSidx)),
    mediaStart: top("sidx").end,
    runs,
  };
}
