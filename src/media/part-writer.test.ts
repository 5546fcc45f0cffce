import { readTrun } from "@svta/cml-iso-bmff";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { BoxReader } from "./boxes.ts";
import { byOther } from "./clip.test-support.ts";
import { parseInitSegment } from "./init-segment.ts";
import { testInit } from "./media.test-support.ts";
import { parsePart } from "./media-part.ts";
import { type PartSample, writePart } from "./part-writer.ts";

const init = parseInitSegment(testInit());
const sample = fc.record({
  bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Uint8Array.from(bytes)),
  durationTicks: fc.oneof(fc.constant(3000), fc.integer({ min: 1, max: 100_000 })),
  sync: fc.boolean(),
  compositionOffsetTicks: fc.oneof(fc.constant(0), fc.integer({ min: -20_000, max: 20_000 })),
});

/** The runs of a part as written, with the sample bytes their offsets point at. */
function readRuns(bytes: Bytes) {
  const reader = new BoxReader(bytes, "malformed-part");
  const [moof] = reader.boxes(0, bytes.length);
  if (moof === undefined) throw new Error("no moof");
  return reader
    .children(moof)
    .filter((box) => box.type === "traf")
    .map((traf) => {
      const defaults = reader.body(reader.child(traf, "tfhd"));
      const trun = reader.read(reader.child(traf, "trun"), byOther(readTrun));
      let at = trun.dataOffset ?? -1;
      return trun.samples.map((entry, i) => {
        const size = entry.sampleSize ?? -1;
        at += size;
        const flags = entry.sampleFlags ?? (i === 0 ? trun.firstSampleFlags : undefined) ?? defaults.getUint32(12);
        return {
          bytes: bytes.slice(at - size, at),
          durationTicks: entry.sampleDuration ?? defaults.getUint32(8),
          sync: (flags & 0x1_0000) === 0,
          compositionOffsetTicks: entry.sampleCompositionTimeOffset ?? 0,
        };
      });
    });
}

describe("writePart()", () => {
  test("writes samples that read back as they were, whatever they share", () => {
    const samples = fc.array(sample, { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(samples, samples, fc.nat(2 ** 40), (video, audio, baseTicks) => {
        const bytes = writePart({
          sequenceNumber: 9,
          tracks: [
            { trackId: 1, baseTicks, samples: video },
            { trackId: 2, baseTicks: 7, samples: audio },
          ],
        });
        expect(readRuns(bytes)).toEqual([video, audio]);
        const part = parsePart(bytes, init);
        expect(part.independent).toBe(video[0]?.sync);
        expect(part.tracks.get(1)?.startTicks).toBe(baseTicks);
        expect(part.tracks.get(1)?.durationTicks).toBe(video.reduce((sum, one) => sum + one.durationTicks, 0));
      }),
    );
  });

  test("fills one buffer exactly, so that it can be transferred", () => {
    const one: PartSample = { bytes: new Uint8Array(10), durationTicks: 3000, sync: true, compositionOffsetTicks: 0 };
    const bytes = writePart({ sequenceNumber: 1, tracks: [{ trackId: 1, baseTicks: 0, samples: [one] }] });
    expect(bytes.byteOffset).toBe(0);
    expect(bytes.buffer.byteLength).toBe(bytes.byteLength);
  });

  test("leaves out a track without samples", () => {
    const one: PartSample = { bytes: new Uint8Array(10), durationTicks: 3000, sync: true, compositionOffsetTicks: 0 };
    const bytes = writePart({
      sequenceNumber: 1,
      tracks: [
        { trackId: 1, baseTicks: 0, samples: [one] },
        { trackId: 2, baseTicks: 0, samples: [] },
      ],
    });
    expect([...parsePart(bytes, init).tracks.keys()]).toEqual([1]);
  });
});
