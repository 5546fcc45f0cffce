import { readAddress } from "../../../app/address.ts";
import { parseByteRange, parseOpenRange } from "../../../src/http/byte-range.ts";
import { parseClipAsk } from "../../../src/http/clip.ts";
import { parseDirectives } from "../../../src/http/directives.ts";
import { createMatch } from "../../../src/http/handler.ts";
import { parseRoute } from "../../../src/http/route.ts";
import { STATUS } from "../../../src/http/status.ts";
import { isName } from "../../../src/model/ids.ts";
import { TestOrigin } from "../../../src/origin/origin.test-support.ts";
import type { Random } from "../mutate.ts";
import { bytesOf, expectEqual, expectFinite, type Target, textOf } from "../target.ts";

/** One that has ended answers everything at once. */
const origin = new TestOrigin({ renditions: [{ id: "hd", bandwidth: 1_000_000 }] });
origin.setInits();
origin.parts(0, 23);
origin.playlists.get("studio").end();
const match = createMatch(origin.playlists, { gzip: true, allowOrigin: "*" });
const STATUSES: ReadonlySet<number> = new Set([200, 206, ...Object.values(STATUS)]);

const QUERIES = [
  "_HLS_msn=3&_HLS_part=2",
  "_HLS_msn=9&_HLS_skip=v2",
  "last=30&rendition=hd",
  "from=2026-05-01T12:00:00Z&to=2026-05-01T12:00:04%2B00:00",
  "to=2026-05-01T12:00:02.5 02:00",
];
const PATHS = [
  "main.m3u8",
  "dvr.m3u8",
  "clip.mp4",
  "hd/media.m3u8",
  "hd/dvr.m3u8",
  "hd/e1/init-0.mp4",
  "hd/e1/part-3.mp4",
];

const isName64 = (name: string): boolean => isName(name) && name.length <= 64;

/** A whole answer: its status is one of the table's, and its length is what it says. */
async function runMatch(text: string): Promise<string> {
  const [path = "", range = "", encoding = ""] = text.split("\n");
  let request: Request;
  try {
    const headers = new Headers();
    if (range !== "") headers.set("range", range);
    if (encoding !== "") headers.set("accept-encoding", encoding);
    request = new Request(new URL(`/live/${path}`, "http://relay.test"), { headers });
  } catch {
    return "no request";
  }
  const response = await match(request);
  if (response === undefined) return "not ours";
  const { status, headers } = response;
  if (!STATUSES.has(status) || status >= 500) throw new Error(`status ${status} of ${request.url}`);
  const body = await response.arrayBuffer();
  const length = headers.get("content-length");
  if (length !== null && Number(length) !== body.byteLength) throw new Error(`${length} said, ${body.byteLength} came`);
  return `${status} ${headers.get("content-type")} ${status < 300 ? "" : textOf(new Uint8Array(body)).split(":")[0]}`;
}

function runRange(text: string, random: Random): string {
  const sizeBytes = 1 + random(5_000);
  const open = parseOpenRange(text);
  if (open?.end !== undefined && open.end <= open.start) throw new Error(`open range of ${open.start} to ${open.end}`);
  const range = parseByteRange(text, sizeBytes);
  if (range === undefined) return `all, ${open === undefined ? "all" : "from somewhere"}`;
  const { start, end } = range;
  if (!(start >= 0 && start < end && end <= sizeBytes)) throw new Error(`${start} to ${end} of ${sizeBytes}`);
  return `some, ${open?.end === undefined ? "open" : "closed"}`;
}

export const REQUEST_TARGETS: readonly Target[] = [
  {
    name: "parseRoute",
    seeds: ["stats.json", ...PATHS.map((path) => `studio/${path}`), "a/b/c/seg-9.ts", "%61/%2e%2e/x"].map(bytesOf),
    refuses: ["malformed-path"],
    run(bytes) {
      const route = parseRoute(textOf(bytes));
      if (route === undefined) return "nothing";
      if (route.kind === "stats") return "stats";
      const names = "rendition" in route ? [route.stream, route.rendition] : [route.stream];
      if (!names.every(isName64)) throw new Error(`names: ${names}`);
      expectFinite("route", route);
      return `${route.kind}${"dvr" in route ? " dvr" : ""}`;
    },
  },
  {
    name: "parseDirectives",
    seeds: QUERIES.map(bytesOf),
    refuses: ["malformed-directive", "reload-without-msn"],
    run(bytes) {
      const ask = parseDirectives(new URLSearchParams(textOf(bytes)));
      expectFinite("ask", ask);
      return Object.keys(ask).join();
    },
  },
  {
    name: "parseClipAsk",
    seeds: QUERIES.map(bytesOf),
    refuses: ["malformed-directive"],
    run(bytes) {
      const ask = parseClipAsk(new URLSearchParams(textOf(bytes)));
      expectFinite("ask", ask);
      return Object.keys(ask).join();
    },
  },
  {
    name: "Range headers",
    seeds: ["bytes=0-99", "bytes=-5", "bytes=7-", "bytes=0-9007199254740991", "bytes=1-2,3-4"].map(bytesOf),
    refuses: ["range-not-satisfiable"],
    run: (bytes, random) => runRange(textOf(bytes), random),
  },
  {
    name: "match()",
    seeds: [
      ...PATHS.map((path) => `studio/${path}`),
      ...QUERIES.map((query) => `studio/hd/media.m3u8?${query}\n\ngzip`),
      ...QUERIES.map((query) => `studio/clip.mp4?${query}`),
      "studio/hd/e1/part-4.mp4\nbytes=4-90",
      "studio/hd/e1/seg-2.mp4\nbytes=-90\ngzip;q=0",
      "stats.json",
    ].map(bytesOf),
    refuses: [],
    run: (bytes) => runMatch(textOf(bytes)),
  },
  {
    name: "readAddress",
    seeds: [
      "?publish=studio&source=camera&partTargetMs=500&peers=on&signal=wss://signal.test",
      "?watch=news&origin=https://origin.test/main.m3u8&headers=https://origin.test/sign&key=abc&integrity=none",
      "?watch=a&moq=https://relay.test&server=https://server.test&certificate=ff&peers=ask",
      "?inspect=studio",
      "?library",
    ].map(bytesOf),
    refuses: [],
    run(bytes) {
      const address = readAddress(textOf(bytes));
      expectEqual("again", readAddress(textOf(bytes)), address);
      expectFinite("address", address);
      return "complaints" in address ? `${address.view} ${address.complaints.length}` : address.view;
    },
  },
];
