import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CutPart, type CutTrack, PartCutter } from "./part-cutter.ts";
import { type EncodedPacket, wholeFramesMs } from "./source.ts";

const VIDEO: CutTrack = { kind: "video", trackId: 1, timescale: 57_600 };
const AUDIO: CutTrack = { kind: "audio", trackId: 2, timescale: 48_000 };
const bytes = new Uint8Array(1);

function video(frame: number, { frameRate = 30, key = frame % 60 === 0 } = {}): EncodedPacket {
  return {
    kind: "video",
    bytes,
    timestampUs: Math.round((frame * 1e6) / frameRate),
    durationUs: Math.round(1e6 / frameRate),
    key,
  };
}
const audio = (packet: number): EncodedPacket => ({
  kind: "audio",
  bytes,
  timestampUs: packet * 20_000,
  durationUs: 20_000,
  key: true,
});

function cutter(tracks: readonly CutTrack[], partTargetMs = 334) {
  const parts: CutPart[] = [];
  return { parts, cutter: new PartCutter({ tracks, partTargetMs, onPart: (part) => parts.push(part) }) };
}
const trackOf = (part: CutPart, id: number) => part.tracks.find((track) => track.trackId === id);
const lastingTicks = (part: CutPart, id: number) =>
  trackOf(part, id)?.samples.reduce((sum, sample) => sum + sample.durationTicks, 0) ?? 0;
const endTicks = (part: CutPart, id: number) => (trackOf(part, id)?.baseTicks ?? 0) + lastingTicks(part, id);

describe("video alone", () => {
  test("a constant frame rate fills every part exactly", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (let frame = 0; frame <= 120; frame++) cut.push(video(frame));
    expect(parts).toHaveLength(12);
    for (const part of parts) expect(part.durationMs).toBeCloseTo(333.333, 3);
    expect(parts.map((part) => part.independent)).toEqual(Array.from({ length: 12 }, (_, i) => i % 6 === 0));
    expect(parts[3]?.timestampUs).toBe(1_000_000);
  });

  test("a full part comes with the frame after it, and not later", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (let frame = 0; frame < 10; frame++) cut.push(video(frame));
    expect(parts).toHaveLength(0);
    cut.push(video(10));
    expect(parts).toHaveLength(1);
  });

  test("a key frame ends the part before it, full or not", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (let frame = 0; frame <= 13; frame++) cut.push(video(frame, { key: frame === 0 || frame === 13 }));
    expect(parts.map((part) => part.tracks[0]?.samples.length)).toEqual([10, 3]);
    cut.flush();
    expect(parts[2]).toMatchObject({ independent: true, timestampUs: 433_333 });
  });

  test("nothing is given before the first key frame", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (let frame = 0; frame < 30; frame++) cut.push(video(frame, { key: frame === 7 }));
    expect(parts[0]).toMatchObject({ independent: true, timestampUs: 233_333 });
  });

  test("a frame that stands longer than a part may last is shortened, and what follows is where it was due", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (const frame of [0, 1, 2, 50, 51]) cut.push(video(frame));
    cut.flush();
    expect(parts.map((part) => Math.round(part.durationMs))).toEqual([67, 334, 67]);
    expect(parts[2]?.tracks[0]?.baseTicks).toBe(50 * 1920);
    expect(cut.overlong).toBe(1);
  });

  test("parts after reconfigure() are of the next generation, from the next key frame on", () => {
    const { cutter: cut, parts } = cutter([VIDEO]);
    for (let frame = 0; frame < 13; frame++) cut.push(video(frame));
    cut.reconfigure();
    for (let frame = 13; frame < 30; frame++) cut.push(video(frame, { key: frame === 13 }));
    expect(parts.map((part) => part.generation)).toEqual([0, 0, 1]);
  });

  test("rules 14, 15: no part is over the target, and none but the last of a segment under 85 % of it", () => {
    const rates = fc.constantFrom(10, 12.5, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60);
    fc.assert(
      fc.property(
        rates,
        fc.integer({ min: 100, max: 1000 }),
        fc.integer({ min: 1, max: 120 }),
        (frameRate, askedMs, gop) => {
          // As sources advertise it: a whole number of frames.
          const partTargetMs = Math.ceil((Math.ceil((askedMs * frameRate) / 1000) * 1000) / frameRate);
          const { cutter: cut, parts } = cutter([VIDEO], partTargetMs);
          for (let frame = 0; frame < 300; frame++) cut.push(video(frame, { frameRate, key: frame % gop === 0 }));
          cut.flush();
          for (const [i, part] of parts.entries()) {
            expect(part.durationMs).toBeLessThanOrEqual(partTargetMs);
            const next = parts[i + 1];
            if (next !== undefined && !next.independent)
              expect(part.durationMs).toBeGreaterThanOrEqual(partTargetMs * 0.85);
          }
        },
      ),
    );
  });

  test("frames at any distance give parts without gap or overlap, none over the target", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 120_000 }), fc.boolean()), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (list) => {
        const { cutter: cut, parts } = cutter([VIDEO]);
        let timestampUs = 0;
        for (const [i, [stepUs, key]] of list.entries()) {
          cut.push({ kind: "video", bytes, timestampUs, durationUs: 33_333, key: key || i === 0 });
          timestampUs += stepUs;
        }
        cut.flush();
        expect(parts.reduce((sum, part) => sum + (part.tracks[0]?.samples.length ?? 0), 0)).toBe(list.length);
        for (const [i, part] of parts.entries()) {
          expect(part.durationMs).toBeLessThanOrEqual(334);
          const next = parts[i + 1];
          if (next !== undefined) expect(endTicks(part, 1)).toBe(next.tracks[0]?.baseTicks);
          for (const [at, sample] of (part.tracks[0]?.samples ?? []).entries())
            if (at > 0) expect(sample.sync).toBe(false);
        }
      }),
    );
  });
});

/** Presentation times of all pictures, in ticks, by the boxes that are written of them. */
const shownTicks = (parts: readonly CutPart[]) =>
  parts.flatMap(({ tracks: [track] }) => {
    let ticks = track?.baseTicks ?? 0;
    return (track?.samples ?? []).map(({ durationTicks, compositionOffsetTicks }) => {
      ticks += durationTicks;
      return ticks - durationTicks + compositionOffsetTicks;
    });
  });

describe("pictures that an encoder left out", () => {
  interface Given {
    readonly frameRate?: number;
    readonly partTargetMs?: number;
    readonly frames: number;
    readonly gop: number;
    readonly isLeftOut: (frame: number) => boolean;
  }

  /** Cuts what is left, with sound that is 60 ms ahead, and holds it against the rules. */
  function cutsByTheRules({ frameRate = 30, partTargetMs = 334, frames, gop, isLeftOut }: Given): readonly CutPart[] {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO], partTargetMs);
    const given: EncodedPacket[] = [];
    let packet = 0;
    for (let frame = 0; frame < frames; frame++) {
      while (packet * 20 + 20 <= (frame * 1000) / frameRate + 60) cut.push(audio(packet++));
      if (frame % gop !== 0 && isLeftOut(frame)) continue;
      given.push(video(frame, { frameRate, key: frame % gop === 0 }));
      cut.push(given.at(-1) as EncodedPacket);
    }
    cut.flush();
    expect(shownTicks(parts)).toEqual(given.map(({ timestampUs }) => Math.round((timestampUs * 57_600) / 1e6)));
    let soundTicks = 0;
    for (const [i, part] of parts.entries()) {
      const [track] = part.tracks;
      const next = parts[i + 1];
      expect(part.durationMs).toBeLessThanOrEqual(partTargetMs);
      expect(part.independent).toBe(track?.samples[0]?.sync);
      expect(track?.samples.slice(1).some(({ sync }) => sync)).toBe(false);
      expect(track?.samples.every(({ durationTicks }) => durationTicks > 0)).toBe(true);
      // What the playlist says of the wall clock is what the boxes say.
      expect(Math.abs(part.timestampUs - ((track?.baseTicks ?? 0) * 1e6) / 57_600)).toBeLessThan(20);
      if (next === undefined) continue;
      expect(endTicks(part, 1)).toBe(next.tracks[0]?.baseTicks);
      if (!part.independent && !next.independent)
        expect(part.durationMs).toBeGreaterThanOrEqual(partTargetMs * 0.85 - 1e-9);
      // Sound lies end to end, and reaches to the end of its part.
      const sound = trackOf(part, 2);
      if (sound !== undefined) expect(sound.baseTicks).toBe(soundTicks);
      soundTicks += lastingTicks(part, 2);
      expect(soundTicks / 48_000).toBeGreaterThanOrEqual(endTicks(part, 1) / 57_600 - 1e-4);
    }
    return parts;
  }

  test.each([1, 2, 3, 4, 5, 9])(
    "%i in a row, at any place, leave no part short and all others at their times",
    (row) => {
      for (let at = 1; at < 60; at++) {
        cutsByTheRules({ frames: 121, gop: 60, isLeftOut: (frame) => frame >= at && frame < at + row });
      }
    },
  );

  test("two rows in one part, or in two that follow each other, are no other matter", () => {
    for (let at = 1; at < 40; at++) {
      for (let gap = 1; gap < 12; gap++) {
        const isLeftOut = (frame: number) => [at, at + 2 + gap].some((from) => frame >= from && frame < from + 2);
        cutsByTheRules({ frames: 61, gop: 60, isLeftOut });
      }
    }
  });

  test("the parts after a row are cut where they were", () => {
    const parts = cutsByTheRules({ frames: 121, gop: 60, isLeftOut: (frame) => frame === 18 || frame === 19 });
    const whole = cutsByTheRules({ frames: 121, gop: 60, isLeftOut: () => false });
    expect(parts.slice(-7).map((part) => part.timestampUs)).toEqual(whole.slice(-7).map((part) => part.timestampUs));
  });

  test("rules 14, 15: whichever are left out, at any rate, shorter than a part together", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(10, 12.5, 15, 23.976, 24, 25, 29.97, 30, 48, 50, 59.94, 60),
        fc.integer({ min: 100, max: 1000 }),
        fc.integer({ min: 1, max: 120 }),
        fc.array(fc.boolean(), { minLength: 300, maxLength: 300 }),
        (frameRate, askedMs, gop, out) => {
          const partTargetMs = wholeFramesMs(askedMs, frameRate);
          const most = Math.round((partTargetMs * frameRate) / 1000) - 1;
          let row = 0;
          const leftOut = out.map((isOut, frame) => {
            row = isOut && frame % gop !== 0 && row < most ? row + 1 : 0;
            return row > 0;
          });
          const isLeftOut = (frame: number) => leftOut[frame] === true;
          cutsByTheRules({ frameRate, partTargetMs, frames: 300, gop, isLeftOut });
        },
      ),
    );
  });
});

describe("reordered video", () => {
  /** I P b b: decode order of frames that are shown in the order of their numbers. */
  const decodeOrder = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8];
  const reordering: CutTrack = { ...VIDEO, reorderDepth: 2 };

  test("decodes at the n-th smallest presentation time, with offsets that may be negative", () => {
    const { cutter: cut, parts } = cutter([reordering]);
    for (let gop = 0; gop < 4; gop++) {
      for (const frame of decodeOrder) cut.push(video(gop * 10 + frame, { key: frame === 0 }));
    }
    cut.flush();
    expect(parts).toHaveLength(4);
    for (const [gop, part] of parts.entries()) {
      const [track] = part.tracks;
      expect(part.independent).toBe(true);
      expect(track?.baseTicks).toBe(gop * 10 * 1920);
      expect(track?.samples.map((sample) => sample.durationTicks)).toEqual(new Array(10).fill(1920));
      const shown = track?.samples.map((sample, i) => gop * 10 + i + sample.compositionOffsetTicks / 1920);
      expect(shown).toEqual(decodeOrder.map((frame) => gop * 10 + frame));
    }
  });

  test("holds back one frame more than the reorder depth", () => {
    const { cutter: cut, parts } = cutter([reordering]);
    // A part of ten is cut when the eleventh has its time, and three more are held.
    for (let frame = 0; frame < 13; frame++) cut.push(video(frame));
    expect(parts).toHaveLength(0);
    cut.push(video(13));
    expect(parts).toHaveLength(1);
  });

  test("frames that are reordered only later on, or more than in the beginning, are decoded at an even pace again at once", () => {
    for (const reorderDepth of [0, 1]) {
      const { cutter: cut, parts } = cutter([{ ...VIDEO, reorderDepth }]);
      for (let frame = 0; frame < 60; frame++) cut.push(video(frame, { key: frame % 20 === 0 }));
      // I P B b b: three frames may follow what they precede.
      const order = [0, 4, 2, 1, 3, 8, 6, 5, 7, 9];
      for (let gop = 0; gop < 6; gop++)
        for (const frame of order) cut.push(video(60 + gop * 10 + frame, { key: frame === 0 }));
      cut.flush();
      const samples = parts.flatMap(({ tracks: [track] }) => track?.samples ?? []);
      expect(shownTicks(parts).sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, frame) => frame * 1920));
      expect(new Set(samples.slice(70, -1).map(({ durationTicks }) => durationTicks))).toEqual(new Set([1920]));
    }
  });

  test("open GOPs, whose leading frames are shown before their key frame, keep decode times rising", () => {
    const { cutter: cut, parts } = cutter([reordering]);
    const order = [0, 1, 2, 5, 3, 4, 6, 7, 8, 11, 9, 10, 12, 13, 14];
    for (const frame of order) cut.push(video(frame, { key: [0, 5, 11].includes(frame) }));
    cut.flush();
    let next = 0;
    for (const part of parts) {
      expect(part.tracks[0]?.baseTicks).toBe(next);
      next = endTicks(part, 1);
    }
    expect(next).toBe(15 * 1920);
  });
});

describe("audio beside video", () => {
  function run(frames: number, audioAheadMs: number) {
    const cutting = cutter([VIDEO, AUDIO]);
    let packet = 0;
    for (let frame = 0; frame < frames; frame++) {
      while (packet * 20 + 20 <= (frame * 1000) / 30 + audioAheadMs) cutting.cutter.push(audio(packet++));
      cutting.cutter.push(video(frame));
    }
    return cutting;
  }

  test.each([60, 0, -100, -400])(
    "that comes %i ms ahead covers every part to its end, without gap or overlap",
    (aheadMs) => {
      const { parts } = run(200, aheadMs);
      expect(parts.length).toBeGreaterThan(17);
      for (const [i, part] of parts.entries()) {
        expect(endTicks(part, 2) / 48_000).toBeGreaterThanOrEqual(endTicks(part, 1) / 57_600 - 1e-6);
        expect(endTicks(part, 2) / 48_000).toBeLessThan(endTicks(part, 1) / 57_600 + 0.02);
        if (i > 0) expect(trackOf(part, 2)?.baseTicks).toBe(endTicks(parts[i - 1] as CutPart, 2));
      }
    },
  );

  test("a part waits 500 ms for its audio and then goes without; the late audio goes into the next", () => {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO]);
    for (let frame = 0; frame <= 25; frame++) cut.push(video(frame));
    expect(parts).toHaveLength(0); // 500 ms after the end of the first part
    cut.push(video(26));
    expect(parts).toHaveLength(1);
    expect(trackOf(parts[0] as CutPart, 2)).toBeUndefined();
    for (let packet = 0; packet < 40; packet++) cut.push(audio(packet));
    expect(trackOf(parts[1] as CutPart, 2)).toMatchObject({ baseTicks: 0 });
  });

  test("audio before the first picture is let go", () => {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO]);
    for (let packet = 0; packet < 60; packet++) cut.push(audio(packet));
    for (let frame = 15; frame < 30; frame++) cut.push(video(frame, { key: frame === 15 }));
    expect(trackOf(parts[0] as CutPart, 2)?.baseTicks).toBe(25 * 960);
    expect(cut.droppedAudio).toBe(25);
  });

  test("timestamps that are rounded to microseconds lie end to end", () => {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO]);
    const at = (packet: number) => Math.round((packet * 1024 * 1e6) / 48_000);
    for (let packet = 0; packet < 100; packet++) {
      cut.push({ kind: "audio", bytes, timestampUs: at(packet), durationUs: 21_333, key: true });
    }
    for (let frame = 0; frame < 60; frame++) cut.push(video(frame));
    const samples = parts.flatMap((part) => trackOf(part, 2)?.samples ?? []);
    expect(new Set(samples.map((sample) => sample.durationTicks))).toEqual(new Set([1024]));
  });

  test("a hole in the audio stays a hole: what follows is where it was recorded", () => {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO]);
    for (const packet of [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16]) cut.push(audio(packet));
    for (let frame = 0; frame <= 10; frame++) cut.push(video(frame));
    const track = trackOf(parts[0] as CutPart, 2);
    expect(track?.samples[3]?.durationTicks).toBe(5 * 960);
    expect(endTicks(parts[0] as CutPart, 2)).toBe(17 * 960);
  });

  test("flush() gives the last part with what audio there is", () => {
    const { cutter: cut, parts } = cutter([VIDEO, AUDIO]);
    for (let packet = 0; packet < 3; packet++) cut.push(audio(packet));
    for (let frame = 0; frame < 5; frame++) cut.push(video(frame));
    cut.flush();
    expect(parts).toHaveLength(1);
    expect(lastingTicks(parts[0] as CutPart, 1)).toBe(5 * 1920);
    expect(trackOf(parts[0] as CutPart, 2)?.samples).toHaveLength(3);
  });
});

describe("audio alone", () => {
  test("is cut on its own durations, every part independent", () => {
    const { cutter: cut, parts } = cutter([AUDIO], 340);
    for (let packet = 0; packet <= 51; packet++) cut.push(audio(packet));
    expect(parts.map((part) => part.durationMs)).toEqual([340, 340, 340]);
    expect(parts.every((part) => part.independent)).toBe(true);
  });
});

test("sound beside several videos closes a part where their segments do, and leaves nothing out", () => {
  const parts: CutPart[] = [];
  const cut = new PartCutter({
    tracks: [{ ...AUDIO, trackId: 1 }],
    partTargetMs: 334,
    segmentMs: 2_000,
    onPart: (part) => parts.push(part),
  });
  for (let packet = 0; packet < 300; packet++) cut.push(audio(packet));
  const starts = parts.map(({ timestampUs }) => timestampUs / 1000);
  expect(starts).toContain(2_000);
  expect(starts).toContain(4_000);
  for (const [i, part] of parts.slice(1).entries()) {
    expect(part.tracks[0]?.baseTicks).toBe(endTicks(parts[i] as CutPart, 1));
  }
});
