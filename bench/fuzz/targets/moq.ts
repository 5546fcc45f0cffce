import { testInit } from "../../../src/media/media.test-support.ts";
import type { Bytes } from "../../../src/model/bytes.ts";
import { RelayError } from "../../../src/model/errors.ts";
import { isName } from "../../../src/model/ids.ts";
import { resolveRenditions } from "../../../src/model/rendition-options.ts";
import { type Catalog, encodeBase64 } from "../../../src/moq/catalog.ts";
import { HangCatalogReader } from "../../../src/moq/hang-catalog.ts";
import { GAP_OBJECT, HeaderPairs } from "../../../src/moq/header-pairs.ts";
import { readMsfCatalog, writeMsfCatalog } from "../../../src/moq/msf-catalog.ts";
import { header, signedOf } from "../../../src/wire/frames.test-support.ts";
import { decodeSignedHeader, encodeSignedHeader } from "../../../src/wire/part-header-codec.ts";
import type { Random } from "../mutate.ts";
import { bytesOf, type Target } from "../target.ts";

const INIT = testInit();
const init = encodeBase64(INIT);
const container = { kind: "cmaf", init };
const HANG = [
  {
    video: {
      renditions: { "video/hd": { codec: "avc1.42c01f", container, codedWidth: 640, codedHeight: 360, bitrate: 1e6 } },
    },
  },
  { audio: { renditions: { sound: { container, bitrate: 64_000 }, other: { container: { kind: "legacy" } } } } },
  { video: { renditions: { "video/hd": null, low: { container, framerate: 30 } } } },
].map((value) => bytesOf(JSON.stringify(value)));
const MSF = [
  writeMsfCatalog([
    { rendition: { id: "hd", bandwidth: 1_000_000, codecs: "avc1.42c01f,opus", width: 640, height: 360 }, init: INIT },
    { rendition: { id: "en", kind: "audio", bandwidth: 64_000, language: "en" }, init: INIT },
  ]),
  bytesOf(JSON.stringify({ version: 1, tracks: [{ name: "v", packaging: "cmaf", initData: init, isLive: true }] })),
];

/** Every rendition of a catalog can be published as it is. */
function described({ tracks, skipped, card }: Catalog): string {
  resolveRenditions(tracks.map(({ rendition }) => rendition));
  if (!tracks.every(({ rendition }) => isName(rendition.id))) throw new Error("an id is no name");
  return `${tracks.length} tracks, ${Math.min(skipped.length, 4)} skipped, ${card === undefined ? "no card" : "card"}`;
}

const HEADERS = [
  signedOf(header),
  signedOf({ ...header, part: header.part + 1, gap: true, sizeBytes: 0 } as typeof header),
].map((signed) => encodeSignedHeader(signed));

/** Objects of both tracks, in some order: what comes out has the length that its header says. */
function runPairs(bytes: Bytes, random: Random): string {
  const { epoch, rendition, msn, part } = header;
  const pairs = new HeaderPairs(rendition, epoch);
  decodeSignedHeader(bytes);
  const outcomes: string[] = [];
  for (let left = 4; left > 0; left--) {
    const place = part + (random(4) === 0 ? 1 : 0);
    const object = random(4) === 0 ? GAP_OBJECT : new Uint8Array(header.sizeBytes);
    try {
      const carried = random(2) === 0 ? pairs.header(msn, place, bytes) : pairs.media(msn, place, object);
      outcomes.push(carried === undefined ? "waits" : "out");
      if (carried !== undefined && carried.bytes.byteLength !== carried.signed.header.sizeBytes)
        throw new Error("not as long as its header says");
    } catch (thrown) {
      if (!(thrown instanceof RelayError)) throw thrown;
      outcomes.push(thrown.code);
    }
  }
  return outcomes.join();
}

/** What a relay of Media over QUIC hands on. */
export const MOQ_TARGETS: readonly Target[] = [
  {
    name: "readMsfCatalog",
    seeds: MSF,
    refuses: ["relay-malformed"],
    run: (bytes) => described(readMsfCatalog(bytes)),
  },
  {
    name: "HangCatalogReader",
    seeds: HANG,
    refuses: ["relay-malformed"],
    run(bytes, random) {
      const reader = new HangCatalogReader();
      const whole = described(reader.read(HANG[random(2)] ?? bytes, 1));
      return `${whole} and then ${described(reader.read(bytes, 1 + random(2)))}`;
    },
  },
  {
    name: "HeaderPairs",
    seeds: HEADERS,
    refuses: ["malformed-frame"],
    run: runPairs,
  },
];
