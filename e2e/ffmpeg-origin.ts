import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createMatch, type Match } from "../src/http/handler.ts";
import type { Bytes } from "../src/model/bytes.ts";
import { serveNode } from "../src/node/serve-node.ts";
import { Playlists } from "../src/origin/playlists.ts";
import type { Rendition } from "../src/origin/rendition.ts";

/** 8 pictures at 25 Hz and 15 frames of AAC at 48 kHz last this long exactly, so that every part is cut at one moment in both tracks. */
const PART_MS = 320;
const PART_TARGET_MS = 333;
const PICTURE_RATE = 25;
const PICTURES_PER_PART = 8;
const PARTS_PER_SEGMENT = 6;
const TARGET_DURATION_MS = 2_000;
const RENDITION = "main";
/** A request with this header is not counted: the signer's, which stands beside the origin. */
export const SIGNER = "x-eddy-signer";

export interface FfmpegOriginOptions {
  /** Default `studio`. */
  readonly name?: string;
  /** Default one that is free. */
  readonly port?: number;
  /** Default 640. */
  readonly width?: number;
  /** Default 360. */
  readonly height?: number;
  /** Of the pictures, in bits per second. Default 600,000. */
  readonly bitRate?: number;
}

/** What was asked of the origin and answered, from one moment on. Playlists and init segments are not media. */
export interface Served {
  readonly mediaRequests: number;
  /** Of media, as they went out: what a client gave up is counted up to there. */
  readonly mediaBytes: number;
  readonly playlistRequests: number;
  readonly playlistBytes: number;
  /** Times that each part went out, alone or in its segment, by the number in its URI. Every part of that time is in it. */
  readonly copies: ReadonlyMap<number, number>;
  /** Of those parts. */
  readonly publishedBytes: number;
}

export interface FfmpegOrigin {
  /** Of the Multivariant Playlist. */
  readonly url: string;
  /** The same segments in playlists of HLS without parts and blocking, for players that know no more. */
  readonly plainUrl: string;
  /** What is published and served from now until `stop()`, less the last parts, which are still on their way to somebody. */
  count(): { stop(): Served };
  /** Bytes of a part by the number in its URI, as ffmpeg made it; undefined for what has not been published. */
  part(number: number): Bytes | undefined;
  readonly inits: readonly Bytes[];
  /** Ends the stream, ffmpeg and the server. */
  close(): Promise<void>;
}

/** An LL-HLS origin over HTTP: H.264 and AAC as ffmpeg makes them now, in real time, one rendition, parts of 320 ms. */
export async function startFfmpegOrigin(options: FfmpegOriginOptions = {}): Promise<FfmpegOrigin> {
  const { name = "studio", width = 640, height = 360, bitRate = 600_000 } = options;
  const playlists = new Playlists();
  const codecs = "avc1.42c01e,mp4a.40.2";
  const renditions = [{ id: RENDITION, codecs, bandwidth: bitRate + 100_000, width, height, frameRate: PICTURE_RATE }];
  const stream = playlists.open(name, {
    options: {
      renditions,
      partTargetMs: PART_TARGET_MS,
      targetDurationMs: TARGET_DURATION_MS,
      segmentMinMs: PART_MS * PARTS_PER_SEGMENT,
    },
    epoch: "e1",
  });
  const ledger = new Ledger();
  const match = createMatch(playlists, { gzip: true, allowOrigin: "*" });
  const server = await serveNode(ledger.counting(withPlain(match, `live/${name}`, renditions[0] as Listed)), {
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const encoder = encode({ width, height, bitRate });
  const listed = feed(encoder, stream.rendition(RENDITION), ledger);
  try {
    await listed;
  } catch (error) {
    encoder.kill("SIGKILL");
    await server.close();
    throw error;
  }
  return {
    url: `${server.url}live/${name}/main.m3u8`,
    plainUrl: `${server.url}plain/main.m3u8`,
    count: () => ledger.count(),
    part: (number) => ledger.parts[number],
    inits: ledger.inits,
    async close() {
      const ended = once(encoder, "exit");
      encoder.kill("SIGKILL");
      await ended;
      await server.close();
    },
  };
}

interface Listed {
  readonly codecs: string;
  readonly bandwidth: number;
  readonly width: number;
  readonly height: number;
}

const LOW_LATENCY_TAG = /^#EXT-X-(?:SERVER-CONTROL|PART|PART-INF|PRELOAD-HINT|RENDITION-REPORT)\b/;

/** Answers `/plain/` with the playlists of a stream as they were before Low-Latency HLS. */
function withPlain(match: Match, stream: string, { codecs, bandwidth, width, height }: Listed): Match {
  const multivariant = `#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=${bandwidth},CODECS="${codecs}",RESOLUTION=${width}x${height}\nmedia.m3u8\n`;
  const headers = { "content-type": "application/vnd.apple.mpegurl", "access-control-allow-origin": "*" };
  const media = async (request: Request): Promise<Response> => {
    const response = await match(new Request(new URL(`/${stream}/${RENDITION}/media.m3u8`, request.url)));
    const lines = (await response?.text())?.split("\n") ?? [];
    const listed = lines.filter((line) => !LOW_LATENCY_TAG.test(line));
    const text = listed.join("\n").replace(/^(?=e1\/)|(?<=URI=")(?=e1\/)/gm, `../${stream}/${RENDITION}/`);
    return new Response(text, { headers });
  };
  return (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/plain/main.m3u8") return Promise.resolve(new Response(multivariant, { headers }));
    return pathname === "/plain/media.m3u8" ? media(request) : match(request);
  };
}

function encode({ width, height, bitRate }: { width: number; height: number; bitRate: number }): ChildProcess {
  const pictures = `testsrc2=size=${width}x${height}:rate=${PICTURE_RATE}`;
  const gop = String(PICTURES_PER_PART * PARTS_PER_SEGMENT);
  const args = [
    ["-hide_banner", "-loglevel", "error"],
    ["-re", "-f", "lavfi", "-i", pictures, "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"],
    [
      "-pix_fmt",
      "yuv420p",
      "-c:v",
      "libx264",
      "-preset",
      "ultrafast",
      "-tune",
      "zerolatency",
      "-profile:v",
      "baseline",
    ],
    ["-level", "3.0", "-threads", "1", "-bf", "0", "-g", gop, "-keyint_min", gop, "-sc_threshold", "0"],
    ["-b:v", String(bitRate), "-maxrate", String(bitRate), "-bufsize", String(bitRate / 2)],
    // The encoder's delay of one frame comes before 0 otherwise, and moves both tracks off the cuts.
    ["-af", "asetpts=PTS+1024/SR/TB", "-c:a", "aac", "-b:a", "64k", "-ac", "2"],
    ["-movflags", "empty_moov+default_base_moof", "-frag_duration", String(PART_MS * 1000), "-use_editlist", "0"],
    ["-flush_packets", "1", "-f", "mp4", "pipe:1"],
  ].flat();
  return spawn(process.env.EDDY_FFMPEG ?? "ffmpeg", args, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Publishes each part as soon as ffmpeg has written it. Resolves once a player can start, rejects when ffmpeg ends before. */
function feed(encoder: ChildProcess, rendition: Rendition, ledger: Ledger): Promise<void> {
  return new Promise((resolve, reject) => {
    encoder.once("error", reject);
    encoder.once("exit", (code) => reject(new Error(`ffmpeg ended with ${code} before a segment was there`)));
    let startedAtMs: number | undefined;
    const boxes = new BoxReader();
    let head: Bytes[] = [];
    encoder.stdout?.on("data", (chunk: Buffer) => {
      for (const { type, bytes } of boxes.push(chunk)) {
        head.push(bytes);
        if (type === "moov") {
          const init = join(head);
          rendition.setInit(init);
          ledger.inits.push(init);
          head = [];
        }
        if (type !== "mdat") continue;
        const bytesOfPart = join(head);
        head = [];
        const number = ledger.parts.length;
        // A part is there once its last sample is.
        startedAtMs ??= Date.now() - PART_MS;
        const programDateTimeMs = startedAtMs + number * PART_MS;
        const { position } = rendition.addPart({ bytes: bytesOfPart, programDateTimeMs });
        ledger.published(bytesOfPart, position.msn);
        if (position.msn === 1) resolve();
      }
    });
  });
}

function join(views: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(views.reduce((size, { byteLength }) => size + byteLength, 0));
  let at = 0;
  for (const view of views) {
    whole.set(view, at);
    at += view.byteLength;
  }
  return whole;
}

/** Cuts what comes in any pieces into top-level boxes. */
class BoxReader {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<{ type: string; bytes: Bytes }> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 8) {
      const size = this.#rest.readUInt32BE(0);
      if (size < 8) throw new Error(`expected a box of ffmpeg's, got one of ${size} bytes`);
      if (this.#rest.length < size) return;
      yield { type: this.#rest.toString("latin1", 4, 8), bytes: Uint8Array.from(this.#rest.subarray(0, size)) };
      this.#rest = this.#rest.subarray(size);
    }
  }
}

/** Fresh parts are still on their way to somebody: so many at the end of a count are not judged. */
const FRESH_PARTS = 6;

/** What was published, and what was asked for. */
class Ledger {
  readonly parts: Bytes[] = [];
  readonly inits: Bytes[] = [];
  readonly #msns: number[] = [];
  readonly #copies = new Map<number, number>();
  #totals = { mediaRequests: 0, mediaBytes: 0, playlistRequests: 0, playlistBytes: 0 };

  published(bytes: Bytes, msn: number): void {
    this.parts.push(bytes);
    this.#msns.push(msn);
  }

  count(): { stop(): Served } {
    const first = this.parts.length;
    const before = { ...this.#totals };
    return {
      stop: () => {
        const copies = new Map<number, number>();
        let publishedBytes = 0;
        for (let number = first; number < this.parts.length - FRESH_PARTS; number++) {
          copies.set(number, this.#copies.get(number) ?? 0);
          publishedBytes += this.parts[number]?.byteLength ?? 0;
        }
        const { mediaRequests, mediaBytes, playlistRequests, playlistBytes } = this.#totals;
        return {
          mediaRequests: mediaRequests - before.mediaRequests,
          mediaBytes: mediaBytes - before.mediaBytes,
          playlistRequests: playlistRequests - before.playlistRequests,
          playlistBytes: playlistBytes - before.playlistBytes,
          copies,
          publishedBytes,
        };
      },
    };
  }

  /** Takes down every request that was answered with something. */
  counting(match: Match): Match {
    return (request) => match(request)?.then((response) => this.#take(request, response));
  }

  #take(request: Request, response: Response): Response {
    if (request.headers.has(SIGNER) || request.method !== "GET" || !response.ok || response.body === null)
      return response;
    const file = /\/(part|seg)-(\d+)\.mp4$/.exec(new URL(request.url).pathname);
    if (file !== null) {
      this.#totals.mediaRequests += 1;
      const number = Number(file[2]);
      if (file[1] === "part") this.#copied(number);
      else for (const [part, msn] of this.#msns.entries()) if (msn === number) this.#copied(part);
    } else if (request.url.includes(".m3u8")) {
      this.#totals.playlistRequests += 1;
    }
    const isPlaylist = request.url.includes(".m3u8");
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        if (file !== null) this.#totals.mediaBytes += chunk.byteLength;
        else if (isPlaylist) this.#totals.playlistBytes += chunk.byteLength;
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counter), response);
  }

  #copied(part: number): void {
    this.#copies.set(part, (this.#copies.get(part) ?? 0) + 1);
  }
}

/** Mean over the parts of a count. */
export function meanCopies({ copies }: Served): number {
  return copies.size === 0 ? 0 : [...copies.values()].reduce((sum, count) => sum + count, 0) / copies.size;
}
