import { systemClock } from "../../../src/model/clock.ts";
import { resolveStreamOptions } from "../../../src/model/options.ts";
import { PART_GAP, PART_INDEPENDENT } from "../../../src/model/record.ts";
import { keyOfPem, pemOf } from "../../../src/node/key-file.ts";
import { MemoryArchive } from "../../../src/origin/archive.test-support.ts";
import { Playlists } from "../../../src/origin/playlists.ts";
import { Recordings } from "../../../src/origin/recordings.ts";
import type { KeyValueStore } from "../../../src/page/peers/upload-meter.ts";
import { UploadMeter } from "../../../src/page/peers/upload-meter.ts";
import { uploadRecord } from "../../../src/page/peers/upload-record.ts";
import { markOf, readMark } from "../../../src/page/session/feed-position.ts";
import { fromPkcs8, toPkcs8 } from "../../../src/swarm/proof/ed25519.ts";
import { loadAll, storedStream } from "../../../sw/store/load.ts";
import type { StoreDatabase } from "../../../sw/store/schema.ts";
import type { Random } from "../mutate.ts";
import { seedsOf, valueFrom } from "../structure.ts";
import { bytesOf, expectSame, type Target, textOf } from "../target.ts";

const config = resolveStreamOptions({
  renditions: [{ id: "main", bandwidth: 1e6, codecs: "avc1.42c01f" }],
  partTargetMs: 500,
  targetDurationMs: 2_000,
});
const rendition = { stream: 1, rendition: 0 };
const HEAD = {
  id: 1,
  name: "studio",
  epoch: "e1",
  config,
  ended: false,
  pinned: false,
  title: "A title",
  createdAtMs: 1.7e12,
  updatedAtMs: 1.7e12,
  producer: { epoch: "e1", session: 7, expected: { main: 12 }, key: "k", marks: { main: "m" } },
  renditions: [{ id: "main", liveMsn: 1, next: { msn: 4, partId: 9 } }],
};
const segment = (msn: number): Readonly<Record<string, unknown>> => ({
  ...rendition,
  msn,
  epoch: "e1",
  firstPartId: (msn - 1) * 3,
  startMs: (msn - 1) * 1_500,
  wallOffsetMs: 1.7e12,
  discontinuity: msn === 3,
  discontinuitySequence: msn === 3 ? 1 : 0,
  initIndex: 0,
  initEpoch: "e1",
  keys: msn === 2 ? [{ method: "AES-128", uri: "https://keys.test/1", iv: new Uint8Array(16) }] : [],
  durationsMs: [500, 500, 500],
  sizesBytes: [1_000, 0, 900],
  flags: [PART_INDEPENDENT, PART_GAP, 0],
});
const SEGMENTS = [1, 2, 3, 5].map(segment);
const INIT = { ...rendition, index: 0, epoch: "e1", bytes: new Uint8Array(600) };
const RANGE = { ...rendition, order: 1, range: { id: "ad", startDate: 1.7e12, attributes: { "X-COM": "a" } } };
const RECORDS: readonly unknown[] = [HEAD, ...SEGMENTS, INIT, RANGE];

/** What `loadAll()` asks of a database, over these records. */
function databaseOf(stores: Readonly<Record<string, readonly unknown[]>>): StoreDatabase {
  const objectStore = (name: string) => ({
    getAll: async () => stores[name] ?? [],
    getAllKeys: async () => (stores[name] ?? []).map((_, index) => index + 1),
    openKeyCursor: async () => null,
  });
  return { transaction: () => ({ objectStore, done: Promise.resolve() }) } as unknown as StoreDatabase;
}

/** A database with two records of it changed: what is found again can be listed, or is refused. */
async function runRecords(bytes: Uint8Array<ArrayBuffer>, random: Random): Promise<string> {
  const [first, second] = [valueFrom(bytes, RECORDS), valueFrom(bytes.slice(1), RECORDS)];
  const at = random(SEGMENTS.length);
  const seg = first !== null && typeof first === "object" && "durationsMs" in first;
  const head = first !== null && typeof first === "object" && "config" in first;
  const loaded = await loadAll(
    databaseOf({
      streams: [head ? first : HEAD],
      segments: SEGMENTS.map((row, index) => (index === at && seg ? first : structuredClone(row))).concat(
        random(4) === 0 ? [second as (typeof SEGMENTS)[number]] : [],
      ),
      inits: [random(3) === 0 ? first : INIT],
      ranges: [random(3) === 0 ? first : RANGE, second],
    }),
  );
  const [found] = loaded.streams;
  if (found === undefined) return `nothing, ${loaded.corrupt} corrupt`;
  const playlists = new Playlists({}, { recordings: new Recordings(new MemoryArchive()) });
  try {
    playlists.restore(storedStream(found));
  } catch (thrown) {
    // What the worker does with it: the stream is removed.
    return `refused: ${String(thrown).slice(0, 60).replaceAll(/-?\d+/g, "#")}`;
  }
  const stream = playlists.get(found.entry.name);
  const text = await stream.rendition("main").playlist({ skip: false }, "live", AbortSignal.timeout(1_000));
  const lines = textOf(new Uint8Array(Buffer.concat([...text.raw]))).split("\n");
  const odd = lines.find((line) => line !== "" && !/^#EXT|^[0-9A-Za-z._-]+\/(?:seg|part)-\d+\.mp4$/.test(line));
  if (odd !== undefined) throw new Error(`a line of the playlist: ${odd}`);
  return `${Math.min(loaded.corrupt, 3)} corrupt, ${Math.min(lines.length, 40)} lines`;
}

const MARK = markOf({
  epoch: "e1",
  msn: 7,
  part: 3,
  endWallMs: 1.7e12,
  digest: new Uint8Array(32).fill(7),
  init: new Uint8Array(32),
});

function storeOf(text: string): KeyValueStore {
  return { getItem: () => text, setItem: () => undefined };
}

/** What is found again: on disk, in the browser's storage, in files. */
export const RECORD_TARGETS: readonly Target[] = [
  { name: "database records", seeds: seedsOf(RECORDS), refuses: [], run: runRecords },
  {
    name: "upload records",
    seeds: [{ month: new Date().toISOString().slice(0, 7), bytes: 5e6 }, "yes"].map((one) =>
      bytesOf(JSON.stringify(one)),
    ),
    refuses: [],
    run(bytes) {
      const store = storeOf(textOf(bytes));
      const { monthBytes, consent } = uploadRecord(store);
      if (!(monthBytes >= 0)) throw new Error(`${monthBytes} bytes`);
      const meter = new UploadMeter(store, systemClock);
      meter.add(2 ** 21);
      if (!(meter.monthBytes >= 2 ** 21)) throw new Error(`${meter.monthBytes} bytes after two MiB`);
      return `${monthBytes > 0} ${consent}`;
    },
  },
  {
    name: "readMark",
    seeds: [bytesOf(MARK)],
    refuses: [],
    run(bytes) {
      const text = textOf(bytes);
      const position = readMark(text);
      if (position === undefined) return "none";
      if (readMark(markOf(position)) === undefined) throw new Error("written otherwise than it can be read");
      return "a mark";
    },
  },
  {
    name: "key files",
    seeds: [bytesOf(pemOf(toPkcs8(new Uint8Array(32).fill(3))))],
    refuses: ["invalid-option"],
    run(bytes) {
      const pkcs8 = keyOfPem(textOf(bytes));
      const seed = fromPkcs8(pkcs8);
      if (seed === undefined) return "another key";
      expectSame("key", toPkcs8(seed), pkcs8);
      return "a key";
    },
  },
];
