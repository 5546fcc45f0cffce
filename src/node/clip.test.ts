import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clips } from "../http/clip.ts";
import { createMatch } from "../http/handler.ts";
import type { Bytes } from "../model/bytes.ts";
import { Playlists } from "../origin/playlists.ts";

const hasFfmpeg = ["ffmpeg", "ffprobe"].every((name) => spawnSync(name, ["-version"]).status === 0);
const START_MS = Date.UTC(2026, 4, 1, 12);
const PART_MS = 200;

interface Encoded {
  readonly init: Bytes;
  readonly parts: readonly Bytes[];
}

const VIDEO = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=6"];
const H264 = [
  "-pix_fmt",
  "yuv420p",
  "-c:v",
  "libx264",
  "-preset",
  "ultrafast",
  "-g",
  "30",
  "-keyint_min",
  "30",
  "-sc_threshold",
  "0",
];
const AUDIO = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=6"];
/** Key frames each second; B-frames, so that pictures are shown later than they are decoded. */
const PICTURES = [...H264, "-bf", "2"];

/** Six seconds of ffmpeg's own, cut on its fragments of 200 ms. */
function encode(args: readonly string[], flags = "+delay_moov"): Encoded {
  const muxer = ["-movflags", `empty_moov+default_base_moof+frag_keyframe${flags}`, "-frag_duration", "200000"];
  const all = ["-v", "error", ...args, ...muxer, "-f", "mp4", "-"];
  const file = Uint8Array.from(execFileSync("ffmpeg", all, { maxBuffer: 64 * 1024 * 1024 }));
  const view = new DataView(file.buffer);
  const starts: number[] = [];
  let most = 0;
  let end = file.byteLength;
  for (let at = 0; at < file.byteLength; at += view.getUint32(at)) {
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    // What lies beyond the last picture is sound alone: it goes with the part before it.
    const tracks =
      type === "moof"
        ? Buffer.from(file.subarray(at, at + view.getUint32(at)))
            .toString("latin1")
            .split("traf").length - 1
        : 0;
    if (tracks > 0 && tracks >= most) starts.push(at);
    most = Math.max(most, tracks);
    if (type === "mfra") end = at;
  }
  return { init: file.slice(0, starts[0]), parts: starts.map((start, i) => file.slice(start, starts[i + 1] ?? end)) };
}

interface Probed {
  readonly startS: number;
  readonly durationS: number;
  readonly streams: readonly { codec: string; startS: number; frames: number }[];
  /** Whatever ffmpeg says when it decodes all of it. */
  readonly complaints: string;
}

describe.skipIf(!hasFfmpeg)("a clip, as ffprobe and ffmpeg read it", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "eddy-clip-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function clip(playlists: Playlists, query = ""): Promise<Probed> {
    const response = await createMatch(playlists, { clips: clips() })(
      new Request(`http://localhost/live/studio/clip.mp4${query}`),
    );
    if (response?.status !== 200) throw new Error(await response?.text());
    const path = join(folder, "clip.mp4");
    writeFileSync(path, new Uint8Array(await response.arrayBuffer()));
    const entries = "format=start_time,duration:stream=codec_name,start_time,nb_read_frames";
    const args = ["-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path];
    const { format, streams } = JSON.parse(execFileSync("ffprobe", args, { encoding: "utf8" }));
    const decoded = spawnSync("ffmpeg", ["-v", "warning", "-i", path, "-f", "null", "-"], { encoding: "utf8" });
    return {
      startS: Number(format.start_time),
      durationS: Number(format.duration),
      streams: streams.map((stream: Record<string, string>) => ({
        codec: stream.codec_name,
        startS: Number(stream.start_time),
        frames: Number(stream.nb_read_frames),
      })),
      complaints: decoded.stderr,
    };
  }

  /** Publishes under `main`, and the sound of its own, if there is any, under `en`. */
  function publish(
    playlists: Playlists,
    epoch: string,
    { main, en }: { main: Encoded; en?: Encoded },
    startMs = START_MS,
  ) {
    const options = {
      renditions: [
        { id: "main", bandwidth: 1_000_000 },
        ...(en ? [{ id: "en", kind: "audio" as const, bandwidth: 64_000 }] : []),
      ],
      partTargetMs: PART_MS + 50,
      targetDurationMs: 2000,
      segmentMinMs: 1000,
    };
    const stream = playlists.open("studio", { options, epoch });
    for (const [id, media] of Object.entries(en ? { main, en } : { main })) {
      const rendition = stream.rendition(id);
      rendition.setInit(media.init);
      for (const [n, bytes] of media.parts.entries())
        rendition.addPart({ bytes, programDateTimeMs: startMs + n * PART_MS });
    }
    return stream;
  }

  test("from the middle of a broadcast starts at 0 and holds every frame of it", async () => {
    const playlists = new Playlists();
    publish(playlists, "e1", { main: encode([...VIDEO, ...AUDIO, ...PICTURES, "-c:a", "aac"]) }).end();
    const found = await clip(playlists, "?last=3");
    expect(found.complaints).toBe("");
    expect(found.streams.map(({ codec }) => codec)).toEqual(["h264", "aac"]);
    expect(found.streams[0]?.frames).toBe(90);
    // The muxer cuts sound a few frames before the picture that it goes with, and ends with sound that has none.
    for (const { startS } of found.streams) expect(startS).toBeLessThan(0.1);
    expect(found.startS).toBe(0);
    expect(found.durationS).toBeGreaterThan(2.96);
    expect(found.durationS).toBeLessThan(3.15);
  });

  test("of the whole broadcast keeps what its edit list hides hidden", async () => {
    const playlists = new Playlists();
    publish(playlists, "e1", { main: encode([...VIDEO, ...AUDIO, ...PICTURES, "-c:a", "aac"]) }).end();
    const found = await clip(playlists);
    expect([found.complaints, found.streams[0]?.frames, found.streams[0]?.startS]).toEqual(["", 180, 0]);
    expect(found.durationS).toBeCloseTo(6, 1);
  });

  test("shows its first picture at 0 where the source has B-frames and no edit list", async () => {
    const playlists = new Playlists();
    publish(playlists, "e1", { main: encode([...VIDEO, ...PICTURES, "-use_editlist", "0"], "") }).end();
    const found = await clip(playlists, "?last=2");
    expect([found.complaints, found.streams]).toEqual(["", [{ codec: "h264", startS: 0, frames: 60 }]]);
    expect(found.durationS).toBeCloseTo(2, 2);
  });

  test("of pictures and sound that are published apart has both, in time", async () => {
    const playlists = new Playlists();
    const main = encode([...VIDEO, ...H264, "-bf", "0"]);
    publish(playlists, "e1", { main, en: encode([...AUDIO, "-c:a", "libopus"]) }).end();
    const found = await clip(playlists, "?last=3");
    expect(found.complaints).toBe("");
    expect(found.streams.map(({ codec, frames }) => [codec, frames])).toEqual([
      ["h264", 90],
      ["opus", expect.any(Number)],
    ]);
    for (const { startS } of found.streams) expect(startS).toBeLessThan(PART_MS / 1000);
    expect(found.startS).toBe(0);
    expect(found.durationS).toBeGreaterThan(2.96);
    expect(found.durationS).toBeLessThan(3.04 + PART_MS / 1000);
  });

  test("across a producer that came back is one piece", async () => {
    const playlists = new Playlists();
    const main = encode([...VIDEO, ...AUDIO, ...PICTURES, "-c:a", "aac"]);
    publish(playlists, "e1", { main });
    publish(playlists, "e2", { main }, START_MS + 60_000).end();
    const found = await clip(playlists);
    expect([found.complaints, found.streams[0]?.frames]).toEqual(["", 360]);
    expect(found.durationS).toBeGreaterThan(11.96);
    expect(found.durationS).toBeLessThan(12.1);
  });
});
