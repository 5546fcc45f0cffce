import { execFile, execFileSync, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, test } from "vitest";
import { createMatch, type Match } from "../http/handler.ts";
import { testInit, testPart } from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { Playlists } from "../origin/playlists.ts";
import { validate } from "../validate/validate.ts";
import { cutFragments } from "./fragments.test-support.ts";
import { type NodeServer, serveNode } from "./serve-node.ts";

let server: NodeServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function serve(match: Match): Promise<string> {
  server = await serveNode(match);
  return server.url;
}

function live(): { playlists: Playlists; add: (from: number, to: number) => void } {
  const playlists = new Playlists();
  const renditions = [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }];
  const options = { renditions, partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 };
  const rendition = playlists.open("studio", { options, epoch: "e1" }).rendition("main");
  rendition.setInit(testInit());
  const add = (from: number, to: number): void => {
    for (let n = from; n < to; n++)
      rendition.addPart({
        bytes: testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 }),
      });
  };
  return { playlists, add };
}

describe("serveNode()", () => {
  test("answers GET, HEAD and ranges with the relay's own headers", async () => {
    const { playlists, add } = live();
    add(0, 12);
    const url = await serve(createMatch(playlists));
    const whole = await fetch(`${url}live/studio/main/e1/seg-1.mp4`);
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect([whole.status, whole.headers.get("content-type")]).toEqual([200, "video/mp4"]);
    expect(whole.headers.get("content-length")).toBe(String(bytes.byteLength));
    const range = await fetch(`${url}live/studio/main/e1/seg-1.mp4`, { headers: { range: "bytes=10-19" } });
    expect([range.status, new Uint8Array(await range.arrayBuffer())]).toEqual([206, bytes.slice(10, 20)]);
    const head = await fetch(`${url}live/studio/main/media.m3u8`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect((await fetch(`${url}live/studio/main.m3u8`, { method: "POST", body: "x" })).status).toBe(405);
    expect((await fetch(`${url}elsewhere`)).status).toBe(404);
  });

  test("rule 61: playlists come compressed to who accepts it", async () => {
    const { playlists, add } = live();
    add(0, 12);
    const url = await serve(createMatch(playlists, { gzip: true }));
    const response = await fetch(`${url}live/studio/main/media.m3u8`);
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(await response.text()).toContain("e1/part-11.mp4");
  });

  test("rule 52: a blocked request is answered when its part comes", async () => {
    const { playlists, add } = live();
    add(0, 7);
    const url = await serve(createMatch(playlists));
    const pending = fetch(`${url}live/studio/main/media.m3u8?_HLS_msn=2&_HLS_part=2`);
    await fetch(`${url}live/stats.json`); // a round trip later the other one waits
    add(7, 8);
    expect(await (await pending).text()).toContain("e1/part-7.mp4");
  });

  test("a long body leaves no listeners behind, however often it waits for its client", async () => {
    const warnings: string[] = [];
    const note = ({ name }: Error): void => void warnings.push(name);
    process.on("warning", note);
    let left = 32;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
      if (left-- > 0) controller.enqueue(new Uint8Array(256 * 1024));
      else controller.close();
    };
    const url = await serve(async () => new Response(new ReadableStream({ pull })));
    const body = await (await fetch(url)).arrayBuffer();
    process.off("warning", note);
    expect(body.byteLength).toBe(32 * 256 * 1024);
    expect(warnings).toEqual([]);
  });

  test("a client that goes away aborts its request", async () => {
    const arrived = withResolvers();
    const aborted = withResolvers();
    const url = await serve((request) => {
      request.signal.addEventListener("abort", () => aborted.resolve());
      arrived.resolve();
      return new Promise(() => undefined);
    });
    const aborter = new AbortController();
    const pending = expect(fetch(url, { signal: aborter.signal })).rejects.toThrow();
    await arrived.promise;
    aborter.abort();
    await aborted.promise;
    await pending;
  });

  test("a body is streamed, and cancelled with its client", async () => {
    const { promise, resolve } = withResolvers();
    const url = await serve(async () => {
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array([1, 2, 3])),
        cancel: () => resolve(),
      });
      return new Response(body);
    });
    const aborter = new AbortController();
    const response = await fetch(url, { signal: aborter.signal });
    expect((await response.body?.getReader().read())?.value).toEqual(new Uint8Array([1, 2, 3]));
    aborter.abort();
    await promise;
  });

  test("close() ends what is blocked", async () => {
    const arrived = withResolvers();
    const url = await serve(() => {
      arrived.resolve();
      return new Promise(() => undefined);
    });
    const refused = expect(fetch(url)).rejects.toThrow();
    await arrived.promise;
    await server?.close();
    server = undefined;
    await refused;
  });
});

const hasFfmpeg = ["ffmpeg", "ffprobe"].every((name) => spawnSync(name, ["-version"]).status === 0);

/** H.264 of ffmpeg's own, cut on its fragments: the init segment, then parts of 200 ms. */
function encode(seconds: number): { init: Bytes; parts: readonly Bytes[] } {
  const source = `testsrc2=size=320x180:rate=30:duration=${seconds}`;
  const encoder = [
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
    "-bf",
    "0",
  ];
  const muxer = [
    "-movflags",
    "empty_moov+default_base_moof+frag_keyframe",
    "-frag_duration",
    "200000",
    "-f",
    "mp4",
    "-",
  ];
  const args = ["-v", "error", "-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", ...encoder, ...muxer];
  const file = Uint8Array.from(execFileSync("ffmpeg", args, { maxBuffer: 64 * 1024 * 1024 }));
  return cutFragments(file);
}

/** Not synchronous: the server is in this process. */
async function probeFrames(url: string): Promise<{ codec: string; frames: number }> {
  const entries = ["-show_entries", "stream=codec_name,nb_read_frames", "-of", "json"];
  const args = ["-v", "error", "-count_frames", "-select_streams", "v", ...entries, url];
  const { stdout } = await promisify(execFile)("ffprobe", args);
  // ffprobe tells a stream once by itself and once in its program.
  const [stream] = JSON.parse(stdout).streams;
  return { codec: stream.codec_name, frames: Number(stream.nb_read_frames) };
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe.skipIf(!hasFfmpeg)("with ffmpeg", () => {
  test("ffprobe decodes every frame that was pushed part by part, and the validator finds nothing", async () => {
    const { init, parts } = encode(6);
    const playlists = new Playlists();
    const renditions = [{ id: "main", codecs: "avc1.42c01e", bandwidth: 1_000_000, width: 320, height: 180 }];
    const options = { renditions, partTargetMs: 200, targetDurationMs: 2000, segmentMinMs: 1000 };
    const rendition = playlists.open("studio", { options, epoch: "e1" }).rendition("main");
    rendition.setInit(init);
    for (const bytes of parts) rendition.addPart({ bytes });
    rendition.end();
    const url = `${await serve(createMatch(playlists, { gzip: true }))}live/studio/main.m3u8`;
    expect(await probeFrames(url)).toEqual({ codec: "h264", frames: 180 });
    const { findings, ended } = await validate(url);
    expect(findings).toEqual([]);
    expect(ended).toBe(true);
  });
});
