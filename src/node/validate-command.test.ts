import { afterEach, beforeEach, expect, test } from "vitest";
import { createMatch, type Match } from "../http/handler.ts";
import { testInit, testPart } from "../media/media.test-support.ts";
import { Playlists } from "../origin/playlists.ts";
import { runCommand } from "./run-command.ts";
import { type NodeServer, serveNode } from "./serve-node.ts";

let server: NodeServer;
let match: Match;
let out: string[];
let err: string[];

beforeEach(async () => {
  const playlists = new Playlists();
  const renditions = [{ id: "main", codecs: "avc1.42c01f,opus", bandwidth: 1_000_000 }];
  const options = { renditions, partTargetMs: 200, targetDurationMs: 1000, segmentMinMs: 1000 };
  const rendition = playlists.open("studio", { options, epoch: "e1" }).rendition("main");
  rendition.setInit(testInit());
  for (let n = 0; n < 20; n++)
    rendition.addPart({
      bytes: testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6, independent: n % 5 === 0 }),
    });
  rendition.end();
  match = createMatch(playlists, { gzip: true });
  server = await serveNode((request) => match(request));
  out = [];
  err = [];
});

afterEach(() => server.close());

const run = (...args: string[]) =>
  runCommand(args, {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    signal: new AbortController().signal,
  });
const url = (): string => `${server.url}live/studio/main.m3u8`;

test("a stream without a finding is exit code 0, with a summary", async () => {
  expect(await run("validate", url())).toBe(0);
  expect(out.join("\n")).toContain("0 MUST findings, 0 others");
  expect(out.join("\n")).toContain("to its end");
  expect(err).toEqual([]);
});

test("a MUST is exit code 1, and is printed with rule, section and lines", async () => {
  const clean = match;
  match = async (request) => {
    const response = await clean(request);
    if (response === undefined || !request.url.includes("media.m3u8")) return response ?? Response.error();
    const plain = await clean(new Request(request.url));
    return new Response((await plain?.text())?.replace("VERSION:6", "VERSION:3"), { headers: plain?.headers ?? {} });
  };
  expect(await run("validate", url(), "--seconds", "5")).toBe(1);
  expect(out.join("\n")).toMatch(
    /MUST {3}rule 3 \(8, 6\.2\.1\) at [\d.]+ s: expected version 6.*\n.*media\.m3u8\n +2: #EXT-X-VERSION:3/,
  );
});

test("--json prints the report and nothing else", async () => {
  expect(await run("validate", url(), "--json", "--rendition", "main")).toBe(0);
  expect(out).toHaveLength(1);
  const report = JSON.parse(out[0] ?? "");
  expect(report).toMatchObject({ renditions: ["main"], ended: true, findings: [] });
  expect(report.rules).toHaveLength(68);
});

test.each([
  [["validate"]],
  [["check", "http://localhost/"]],
  [["validate", "ftp://localhost/a.m3u8"]],
  [["validate", "http://localhost/a.m3u8", "--seconds", "none"]],
  [["validate", "http://localhost/a.m3u8", "--loud"]],
  [[]],
])("%j is exit code 2, and says what was expected", async (args) => {
  expect(await run(...args)).toBe(2);
  expect(err.join("\n")).toMatch(/expected|usage|Unknown option/);
  expect(out).toEqual([]);
});

test("a URL where something else is, or nothing, is exit code 2, and says what came", async () => {
  match = async () =>
    new Response("<!doctype html>\n<title>Hello</title>", { headers: { "content-type": "text/html" } });
  expect(await run("validate", url())).toBe(2);
  expect(err.at(-1)).toMatch(
    /expected a playlist at .*, got 200 \(text\/html\): <!doctype html> <title>Hello<\/title>$/,
  );
  match = async () => new Response(null, { status: 204 });
  expect(await run("validate", url())).toBe(2);
  expect(err.at(-1)).toMatch(/got 204 \(no Content-Type\) without a body$/);
  match = async () =>
    new Response('#EXTM3U\n#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="c",NAME="en",INSTREAM-ID="CC1"\n');
  expect(await run("validate", url())).toBe(2);
  expect(err.at(-1)).toContain("it names none");
});

test("who watches sees how far it is, and the line is gone at the end", async () => {
  const shown: (string | undefined)[] = [];
  const watched = { out: () => undefined, err: () => undefined, signal: new AbortController().signal };
  await runCommand(["validate", url()], { ...watched, status: (text) => shown.push(text) });
  expect(shown[0]).toBe("0 of 30 s: waiting for the first playlist");
  expect(shown.at(-1)).toBeUndefined();
});

test("a URL where no playlist is is exit code 2", async () => {
  expect(await run("validate", `${server.url}live/none/main.m3u8`)).toBe(2);
  expect(err.join("\n")).toContain("got 404");
  expect(await run("validate", "http://127.0.0.1:1/main.m3u8")).toBe(2);
  expect(err.at(-1)).toMatch(/ECONNREFUSED|bad port/);
});

test("a rendition that is not there is exit code 2", async () => {
  expect(await run("validate", url(), "--rendition", "none")).toBe(2);
  expect(err.join("\n")).toContain("expected one of main");
});

test("an origin that is none is exit code 2, before anything is asked for", async () => {
  expect(await run("validate", url(), "--origin", "player.example\r\n")).toBe(2);
  expect(err.join("\n")).toContain("--origin: expected one such as https://site.example");
});

test("--help is exit code 0", async () => {
  expect(await run("--help")).toBe(0);
  expect(out.join("\n")).toContain("usage: eddy-hls validate <url>");
});
