import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMatch } from "../http/handler.ts";
import { testInit, testPart } from "../media/media.test-support.ts";
import type { Bytes } from "../model/bytes.ts";
import { Playlists } from "../origin/playlists.ts";
import type { Rendition } from "../origin/rendition.ts";
import { splitPieces } from "../swarm/proof/merkle.ts";
import { StreamProof } from "../swarm/proof/stream-proof.ts";
import { decodeSignedHeader } from "../wire/part-header-codec.ts";
import { openKeyFile } from "./key-file.ts";
import { runCommand } from "./run-command.ts";
import { type NodeServer, serveNode } from "./serve-node.ts";

let folder: string;
let origin: NodeServer;
let rendition: Rendition;
let requests: string[];
let aborter: AbortController;
let err: string[];

const partOf = (n: number): Bytes =>
  testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 });

function publish(from: number, to: number): void {
  for (let n = from; n < to; n++) rendition.addPart({ bytes: partOf(n) });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "eddy-sign-"));
  const playlists = new Playlists();
  const renditions = [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }];
  const options = { renditions, partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 };
  rendition = playlists.open("studio", { options, epoch: "e1" }).rendition("main");
  rendition.setInit(testInit());
  publish(0, 12);
  requests = [];
  const match = createMatch(playlists);
  origin = await serveNode((request) => {
    requests.push(new URL(request.url).pathname);
    return match(request);
  });
  aborter = new AbortController();
  err = [];
});

afterEach(async () => {
  aborter.abort();
  await origin.close();
  await rm(folder, { recursive: true, force: true });
});

interface Signing {
  readonly url: string;
  readonly fingerprint: string;
  readonly link: URLSearchParams;
  /** Its exit code. */
  readonly ended: Promise<number>;
}

/** Runs the command until it says where it listens. */
function sign(...args: readonly string[]): Promise<Signing> {
  return new Promise((resolve, reject) => {
    const out: string[] = [];
    const url = `${origin.url}live/studio/main.m3u8`;
    const ended = runCommand(["sign", url, "--port", "0", "--key", join(folder, "key.pem"), ...args], {
      out(text) {
        out.push(text);
        const found = (pattern: RegExp): string | undefined => pattern.exec(out.join("\n"))?.[1];
        const link = found(/watch link +\?(.*)/);
        if (link === undefined) return;
        const [at = "", fingerprint = ""] = [found(/headers +(.*)/), found(/fingerprint +(.*)/)];
        resolve({ url: at, fingerprint, link: new URLSearchParams(link), ended });
      },
      err: (text) => void err.push(text),
      signal: aborter.signal,
    });
    ended.then((code) => reject(new Error(`exit code ${code}: ${err.join("; ")}`)), reject);
  });
}

const bytesOf = async (response: Response): Promise<Bytes> => new Uint8Array(await response.arrayBuffer());

test("eddy-hls sign says of an origin that is numbered beyond what viewers can share that it has nothing to sign", async () => {
  const playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:1800000000000\n#EXTINF:4,\na.ts\n";
  const other = await serveNode(async () => new Response(playlist));
  try {
    const context = { out: () => undefined, err: (text: string) => void err.push(text), signal: aborter.signal };
    const key = join(folder, "key.pem");
    expect(await runCommand(["sign", `${other.url}a.m3u8`, "--port", "0", "--key", key], context)).toBe(2);
    expect(err.at(-1)).toContain("expected segments numbered up to 68719476736, which viewers can share");
  } finally {
    await other.close();
  }
});

describe("eddy-hls sign, over HTTP", () => {
  test("serves a card and headers that prove every part of the origin, each fetched from it once", async () => {
    const { url, fingerprint, link, ended } = await sign();
    const proof = new StreamProof({ fingerprint });
    const card = await proof.card(await bytesOf(await fetch(`${url}card`)));
    expect(card).toMatchObject({ name: "studio", options: { renditions: [{ id: "main" }], partTargetMs: 200 } });
    expect(Object.fromEntries(link)).toEqual({
      watch: "studio",
      origin: `${origin.url}live/studio/main.m3u8`,
      headers: url,
      key: fingerprint,
    });
    // Not there yet: both wait, and are answered when it is published.
    const next = Promise.all([fetch(`${url}0/3-2`), fetch(`${url}0/3-3`)]);
    publish(12, 14);
    const waited = await next;
    expect(waited.map(({ status }) => status)).toEqual([200, 200]);
    const answers = [await fetch(`${url}0/3-0`), await fetch(`${url}0/3-1`), ...waited];
    for (const [n, answer] of answers.entries()) {
      const signed = decodeSignedHeader(await bytesOf(answer));
      await proof.header(signed);
      for (const [index, piece] of splitPieces(partOf(10 + n)).entries()) await proof.piece(signed, index, piece);
    }
    const media = requests.filter((path) => path.endsWith(".mp4"));
    expect(media.length).toBe(new Set(media).size);
    aborter.abort();
    expect(await ended).toBe(0);
  });

  test("signs for an origin whose parts are said to last nothing, and does not ask it without a pause", async () => {
    const media = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", "#EXT-X-PART-INF:PART-TARGET=0", '#EXT-X-MAP:URI="init.mp4"'];
    media.push("#EXTINF:1,", "1.mp4", '#EXT-X-PART:DURATION=0.2,URI="2.mp4",INDEPENDENT=YES', "");
    let playlists = 0;
    const odd = await serveNode(async (request) => {
      if (request.url.endsWith(".m3u8")) playlists += 1;
      return new Response(request.url.endsWith(".m3u8") ? media.join("\n") : testInit());
    });
    const lines: string[] = [];
    const startMs = performance.now();
    const ended = runCommand(["sign", `${odd.url}a.m3u8`, "--port", "0", "--key", join(folder, "key.pem")], {
      out: (text) => void lines.push(text),
      err: (text) => void err.push(text),
      signal: aborter.signal,
    });
    const card = (): string | undefined => /headers +(.*)/.exec(lines.join("\n"))?.[1];
    while (card() === undefined || playlists < 4) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await fetch(`${card()}card`)).status).toBe(200);
    // However fast the machine is: each of the last three had to wait for its turn.
    expect(performance.now() - startMs).toBeGreaterThan(200);
    aborter.abort();
    expect(await ended).toBe(0);
    await odd.close();
  });

  test("says in its card when the stream has ended, and serves on", async () => {
    const { url, fingerprint } = await sign();
    const proof = new StreamProof({ fingerprint });
    await proof.card(await bytesOf(await fetch(`${url}card`)));
    rendition.end();
    // The end answers whoever waits for what does not come.
    expect((await fetch(`${url}0/4-0`)).status).toBe(404);
    const card = await proof.card(await bytesOf(await fetch(`${url}card`)));
    expect(card.ended).toEqual([{ rendition: 0, msn: 3, part: 1 }]);
    expect((await fetch(`${url}0/3-1`)).status).toBe(200);
  });

  test("goes on while its origin is away, and tells", async () => {
    const { url } = await sign();
    const port = Number(new URL(origin.url).port);
    await origin.close();
    while (err.every((line) => !line.includes("origin-unreachable")))
      await new Promise((resolve) => setImmediate(resolve));
    const playlists = new Playlists();
    const renditions = [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }];
    const options = { renditions, partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 };
    rendition = playlists.open("studio", { options, epoch: "e1" }).rendition("main");
    rendition.setInit(testInit());
    publish(0, 13);
    origin = await serveNode(createMatch(playlists), { port });
    expect((await fetch(`${url}0/3-2`)).status).toBe(200);
  });

  test.each([
    [[], /expected one URL of a playlist, got 0/],
    [["ftp://localhost/a"], /expected http: or https:/],
    [["http://localhost/a", "--port", "99999"], /--port: expected 0 to 65535/],
    [["http://localhost/a", "--name", "a/b"], /--name: expected 1 to 64/],
    [["http://localhost/a", "--host", ""], /--host: expected a host or an address, got ""/],
    [["http://localhost/a", "--what"], /--what/],
  ])("%j is exit code 2", async (args, message) => {
    const context = { out: () => undefined, err: (text: string) => void err.push(text), signal: aborter.signal };
    expect(await runCommand(["sign", ...args], context)).toBe(2);
    expect(err.join("\n")).toMatch(message);
  });
});

describe("openKeyFile()", () => {
  test("makes a key that only its owner may read, and finds it again", async () => {
    const path = join(folder, "key.pem");
    const made = await openKeyFile(path);
    expect(made).toMatchObject({ isNew: true, isExposed: false });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const found = await openKeyFile(path);
    expect(found).toMatchObject({ isNew: false, isExposed: false });
    expect(found.keys.fingerprint).toBe(made.keys.fingerprint);
  });

  test("says where others may read it", async () => {
    const path = join(folder, "key.pem");
    await openKeyFile(path);
    await chmod(path, 0o644);
    expect(await openKeyFile(path)).toMatchObject({ isExposed: true });
  });

  test("refuses what is no key, and a file that cannot be made", async () => {
    const path = join(folder, "key.pem");
    await writeFile(path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    await expect(openKeyFile(path)).rejects.toMatchObject({ code: "invalid-option" });
    await writeFile(path, "not a key");
    await expect(openKeyFile(path)).rejects.toMatchObject({ code: "invalid-option" });
    await expect(openKeyFile(join(folder, "none", "key.pem"))).rejects.toMatchObject({ code: "invalid-option" });
    // Without an end.
    if (existsSync("/dev/zero")) {
      await expect(openKeyFile("/dev/zero")).rejects.toMatchObject({ code: "invalid-option" });
    }
  });
});
