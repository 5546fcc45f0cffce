import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AAC_US,
  audioPackets,
  FRAME_US,
  JumpingClock,
  ListStream,
  packet,
  videoPackets,
  worstSeamUs,
} from "./file.test-support.ts";
import { AvcSamples } from "./file-avc.ts";
import { pace } from "./file-pacer.ts";
import type { ReadPacket } from "./file-packets.ts";
import { AudioPassLane, VideoPassLane } from "./file-pass-lanes.ts";
import { SegmentKeys } from "./file-scan.ts";
import { LoopTimeline, PacketTimeline } from "./file-timeline.ts";
import { PartCutter } from "./part-cutter.ts";
import type { EncodedPacket } from "./source.ts";

const silent = { bytes: new Uint8Array([1]), durationUs: AAC_US };

interface RunOptions {
  readonly video?: readonly ReadPacket[];
  readonly audio?: readonly ReadPacket[];
  readonly rounds?: number;
  readonly reorderDepth?: number;
  readonly originUs?: number;
  readonly avc?: boolean;
}

/** Plays from memory until so many rounds are over. */
async function play({ video, audio, rounds = 1, reorderDepth = 0, originUs = 0, avc = false }: RunOptions) {
  const out: EncodedPacket[] = [];
  const abort = new AbortController();
  const timeline = new LoopTimeline(originUs, rounds > 1);
  const damagedUs: number[] = [];
  let ends = 0;
  const onFileEnd = (): void => {
    if (++ends === rounds && rounds > 1) setImmediate(() => abort.abort());
  };
  const put = (given: EncodedPacket): void => {
    if (!abort.signal.aborted) out.push(given);
  };
  const videoLane =
    video &&
    new VideoPassLane({
      stream: new ListStream(video),
      timeline,
      put,
      reorderDepth,
      frameUs: FRAME_US,
      constant: true,
      maxHoleUs: 334_000,
      keys: new SegmentKeys(1e6),
      onFileEnd,
      onDamage: (atUs) => damagedUs.push(atUs),
      ...(avc && { avc: new AvcSamples(new Uint8Array([1, 0x64, 0, 0x1e, 0xff])) }),
    });
  const audioStream = new ListStream(audio ?? []);
  const audioLane =
    audio &&
    new AudioPassLane({
      stream: audioStream,
      timeline,
      put,
      leads: video === undefined,
      packets: new PacketTimeline(AAC_US),
      silent,
      packetUs: () => AAC_US,
      ...(video === undefined && { onFileEnd }),
    });
  const leading = videoLane ?? audioLane;
  if (leading === undefined) throw new Error("expected a track");
  await pace({
    leading,
    ...(videoLane && audioLane && { following: audioLane }),
    ready: async () => undefined,
    clock: new JumpingClock(),
    signal: abort.signal,
  });
  return {
    video: out.filter(({ kind }) => kind === "video"),
    audio: out.filter(({ kind }) => kind === "audio"),
    damagedUs,
    audioStream,
  };
}

/** Marks packets so that what comes out can be traced to its source time. */
function marked(packets: readonly ReadPacket[]): ReadPacket[] {
  return packets.map((each) => ({ ...each, bytes: new Uint8Array(new Float64Array([each.timestampUs]).buffer) }));
}
const sourceUs = ({ bytes }: EncodedPacket): number | undefined =>
  bytes.length === 8 ? new Float64Array(bytes.slice().buffer)[0] : undefined;

test("100 loops of tracks of unequal length: no hole in either, and sound within 40 ms of the picture", {
  timeout: 60_000,
}, async () => {
  // 2.5 s of pictures, 2.56 s of sound after one packet of priming.
  const video = marked(videoPackets({ frames: 75, gop: 60, reorder: true }));
  const audio = marked(audioPackets({ count: 121, fromUs: -AAC_US }));
  const played = await play({ video, audio, rounds: 100, reorderDepth: 2 });
  expect(played.video.length).toBeGreaterThanOrEqual(99 * 75);
  const shown = played.video.map(({ timestampUs }) => timestampUs).sort((a, b) => a - b);
  for (const [index, timestampUs] of shown.slice(1, 99 * 75).entries()) {
    expect(Math.abs(timestampUs - (shown[index] ?? 0) - FRAME_US)).toBeLessThan(2);
  }
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
  const loopUs = 75 * FRAME_US;
  for (const given of played.audio) {
    const ownUs = sourceUs(given);
    if (ownUs === undefined) continue;
    const offsetUs = (((given.timestampUs - ownUs) % loopUs) + loopUs) % loopUs;
    expect(Math.min(offsetUs, loopUs - offsetUs)).toBeLessThan(15_000);
  }
});

test("any lengths and offsets loop without holes, the sound within half a packet", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 10, max: 80 }),
      fc.integer({ min: 1, max: 150 }),
      fc.integer({ min: -30_000, max: 400_000 }),
      async (frames, count, fromUs) => {
        const played = await play({
          video: marked(videoPackets({ frames, gop: 30 })),
          audio: marked(audioPackets({ count, fromUs })),
          rounds: 4,
        });
        expect(worstSeamUs(played.video)).toBeLessThan(2);
        expect(worstSeamUs(played.audio)).toBeLessThan(2);
        const loopUs = frames * FRAME_US;
        for (const given of played.audio) {
          const ownUs = sourceUs(given);
          if (ownUs === undefined) continue;
          const offsetUs = (((given.timestampUs - ownUs) % loopUs) + loopUs) % loopUs;
          expect(Math.min(offsetUs, loopUs - offsetUs)).toBeLessThanOrEqual(AAC_US / 2 + 2_010);
        }
      },
    ),
    { numRuns: 25 },
  );
});

test("sound that begins late and ends early is filled with silence", async () => {
  const played = await play({
    video: videoPackets({ frames: 90 }),
    audio: marked(audioPackets({ count: 47, fromUs: 500_000 })),
  });
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
  expect(played.audio[0]?.bytes).toEqual(silent.bytes);
  const last = played.audio.at(-1);
  expect(last?.bytes).toEqual(silent.bytes);
  expect(Math.abs((last?.timestampUs ?? 0) + AAC_US - 3e6)).toBeLessThan(AAC_US);
});

test("a hole in the sound is filled as well", async () => {
  const audio = marked([...audioPackets({ count: 40 }), ...audioPackets({ count: 40, fromUs: 2e6 })]);
  const played = await play({ video: videoPackets({ frames: 90 }), audio });
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
  const resumed = played.audio.find((given) => sourceUs(given) === 2e6);
  expect(Math.abs((resumed?.timestampUs ?? 0) - 2e6)).toBeLessThan(AAC_US / 2 + 2_000);
});

test("sound alone loops at its own end", async () => {
  const played = await play({ audio: audioPackets({ count: 50 }), rounds: 5 });
  expect(played.audio.length).toBeGreaterThanOrEqual(200);
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
});

test("a little pre-roll is shown, and nothing is before zero", async () => {
  const played = await play({
    video: videoPackets({ frames: 60, fromUs: -66_667 }),
    audio: audioPackets({ count: 90, fromUs: -AAC_US }),
    originUs: -66_667,
  });
  expect(Math.min(...played.video.map(({ timestampUs }) => timestampUs))).toBe(0);
  expect(Math.min(...played.audio.map(({ timestampUs }) => timestampUs))).toBe(0);
});

test("a damaged picture is cut out with all up to the next key frame, of the sound too", async () => {
  const video = videoPackets({ frames: 180, gop: 60, reorder: true });
  const at = video.findIndex(({ timestampUs }) => timestampUs > 2.5e6 && timestampUs < 2.6e6);
  const damaged = video.map((each, index) =>
    index === at ? { ...each, bytes: new Uint8Array([0, 0, 9, 9, 1]) } : each,
  );
  const played = await play({
    video: damaged,
    audio: marked(audioPackets({ count: 282 })),
    reorderDepth: 2,
    avc: true,
  });
  expect(played.damagedUs).toHaveLength(1);
  expect(played.audioStream.restarts).toBe(0);
  const shown = played.video.map(({ timestampUs }) => timestampUs).sort((a, b) => a - b);
  expect(new Set(shown).size).toBe(shown.length);
  for (const [index, timestampUs] of shown.slice(1).entries())
    expect(timestampUs - (shown[index] ?? 0)).toBeLessThan(FRAME_US + 3);
  const seam = played.video.filter(({ key }) => key)[2];
  expect(seam?.timestampUs).toBeLessThan(2.7e6);
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
  const after = played.audio.find((given) => (sourceUs(given) ?? 0) >= 4e6);
  // What stood beside the picture after the cut still does.
  expect(
    Math.abs((after?.timestampUs ?? 0) - (sourceUs(after as EncodedPacket) ?? 0) - ((seam?.timestampUs ?? 0) - 4e6)),
  ).toBeLessThan(15_000);
});

test("rule 14: time without pictures that is longer than a part is cut out before a key frame", async () => {
  const video = [...videoPackets({ frames: 60 }), ...videoPackets({ frames: 60, fromUs: 9e6 })];
  const played = await play({ video, audio: audioPackets({ count: 600 }) });
  expect(worstSeamUs(played.video)).toBeLessThan(2);
  expect(worstSeamUs(played.audio)).toBeLessThan(2);
  expect(played.video).toHaveLength(120);
});

test("times that fall at a key frame, as in files joined end to end, go on rising", async () => {
  const played = await play({ video: [...videoPackets({ frames: 60 }), ...videoPackets({ frames: 60 })] });
  expect(worstSeamUs(played.video)).toBeLessThan(2);
});

test("a copy that lacks some last frames ends without a hole", async () => {
  const video = videoPackets({ frames: 61, gop: 61, reorder: true }).slice(0, -1);
  const played = await play({ video, reorderDepth: 2 });
  const shown = played.video.map(({ timestampUs }) => timestampUs).sort((a, b) => a - b);
  for (const [index, timestampUs] of shown.slice(1).entries())
    expect(timestampUs - (shown[index] ?? 0)).toBeLessThan(FRAME_US + 3);
});

/** Reordered pictures, stopped after so many packets. */
async function stopped(afterPackets: number) {
  const given: EncodedPacket[] = [];
  const lane = new VideoPassLane({
    stream: new ListStream(videoPackets({ frames: 120, reorder: true })),
    timeline: new LoopTimeline(0, false),
    put: (packet) => given.push(packet),
    reorderDepth: 2,
    frameUs: FRAME_US,
    constant: true,
    maxHoleUs: 334_000,
    keys: new SegmentKeys(1e6),
  });
  while (given.length < afterPackets) {
    await lane.head();
    lane.give();
  }
  const lastUs = Math.max(...given.map(({ timestampUs }) => timestampUs));
  lane.close();
  return { given, lastUs };
}

test("stopped between any two packets, it gives all that is shown before the last one, and nothing after that", async () => {
  for (let after = 1; after < 120; after++) {
    const { given, lastUs } = await stopped(after);
    const shown = given.map(({ timestampUs }) => timestampUs).sort((a, b) => a - b);
    expect(shown).toEqual(shown.map((_, frame) => Math.round(frame * FRAME_US)));
    expect(shown.at(-1)).toBe(lastUs);
  }
});

test("rule 15: stopped between any two packets, no part but the last is short", async () => {
  for (let after = 1; after < 120; after++) {
    const partsMs: number[] = [];
    const cutter = new PartCutter({
      tracks: [{ kind: "video", trackId: 1, timescale: 57_600, reorderDepth: 2 }],
      partTargetMs: 334,
      onPart: ({ durationMs }) => partsMs.push(durationMs),
    });
    for (const packet of (await stopped(after)).given) cutter.push(packet);
    cutter.flush();
    for (const durationMs of partsMs.slice(0, -1)) expect(durationMs).toBeGreaterThanOrEqual(334 * 0.85);
  }
});

test("rule 15: key frames nearer than half a target are carried as ordinary frames", async () => {
  const video = videoPackets({ frames: 90, gop: 1 });
  const played = await play({ video });
  expect(played.video.filter(({ key }) => key).map(({ timestampUs }) => Math.round(timestampUs / 1e5))).toEqual([
    0, 10, 20,
  ]);
});

test("one frame alone ends, and loops without spinning", async () => {
  const one = [packet({ timestampUs: 0, durationUs: FRAME_US, key: true })];
  expect((await play({ video: one })).video).toHaveLength(1);
});

test("muted, packets of silence take the place of the file's, which goes on where it would be", async () => {
  const timeline = new LoopTimeline(0, false);
  const out: EncodedPacket[] = [];
  let isMuted = false;
  const lane = new AudioPassLane({
    stream: new ListStream(audioPackets({ count: 60 })),
    timeline,
    put: (given) => {
      out.push(given);
      isMuted = out.length >= 20 && out.length < 40;
    },
    packets: new PacketTimeline(AAC_US),
    silent,
    leads: true,
    muted: () => isMuted,
    packetUs: () => AAC_US,
  });
  const abort = new AbortController();
  await pace({ leading: lane, ready: async () => undefined, clock: new JumpingClock(), signal: abort.signal });
  expect(out).toHaveLength(60);
  expect(worstSeamUs(out)).toBeLessThan(2);
  expect(out.map(({ bytes }) => bytes === silent.bytes)).toEqual(
    Array.from({ length: 60 }, (_, n) => n >= 20 && n < 40),
  );
});
