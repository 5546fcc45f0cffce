import { startHash } from "../../src/cache/hash.ts";
import { xxh64 } from "../../src/cache/xxh64.ts";
import { ChunkCache, type SlotRing } from "../../src/core.ts";
import type { Bytes } from "../../src/model/bytes.ts";
import type { Group, Work } from "./measure.ts";
import { payloads } from "./payloads.ts";

const WINDOW = { maxSegments: 32, maxPartsPerSegment: 8, numPlaylists: 64 };
const SIZES = [1024, 5760, 65_536];

function ringOf(name = "live") {
  return new ChunkCache(WINDOW).open(name);
}

function sizeName(sizeBytes: number): string {
  return sizeBytes % 1024 === 0 ? `${sizeBytes / 1024} KB` : `${sizeBytes} B`;
}

function lazyWrite(sizeBytes: number): Work {
  const next = payloads(sizeBytes, "cold");
  const ring = ringOf();
  return { name: `write ${sizeName(sizeBytes)}`, sizeBytes, targetNs: 200, run: () => ring.append(next()) };
}

async function hashedWrite(sizeBytes: number, kind: "hot" | "cold"): Promise<Work> {
  await startHash();
  const next = payloads(sizeBytes, kind);
  const ring = ringOf();
  return {
    name: `write ${sizeName(sizeBytes)} and hash it, ${kind} payload`,
    sizeBytes,
    ...(sizeBytes === 65_536 && kind === "hot" ? { targetNs: 10_000 } : {}),
    run: () => ring.get(ring.append(next()))?.hash,
  };
}

async function copiedWrite(sizeBytes: number): Promise<Work> {
  await startHash();
  const next = payloads(sizeBytes, "cold");
  const ring = ringOf();
  return {
    name: `copy ${sizeName(sizeBytes)}, write and hash the copy, cold payload`,
    sizeBytes,
    run: () => ring.get(ring.append(next().slice()))?.hash,
  };
}

export const writes: Group = {
  title: "Writes",
  about:
    "`ring.append(view)`: one stream, 256 slots, full, so that each write drops the oldest part. The view is kept, not copied. " +
    "Hashed: xxHash64 by WebAssembly, computed when `slot.hash` is read. Cold payloads go round 64 MB, the hot one stays in the cache.",
  works: [
    ...SIZES.map((sizeBytes) => () => lazyWrite(sizeBytes)),
    ...SIZES.map((sizeBytes) => () => hashedWrite(sizeBytes, "hot")),
    ...SIZES.map((sizeBytes) => () => hashedWrite(sizeBytes, "cold")),
    () => copiedWrite(65_536),
    () => {
      const next = payloads(65_536, "hot");
      return { name: "hash 64 KB without WebAssembly", sizeBytes: 65_536, run: () => xxh64(next()) };
    },
  ],
};

/** Reads spread over what the ring holds. */
function spread(lastId: number): () => number {
  let step = 0;
  return () => lastId - (step++ & 127);
}

export const reads: Group = {
  title: "Reads",
  about:
    "A read gives the view that was written: no copy, no promise, no allocation. The ring is full; ids go round half of it.",
  works: [
    () => {
      const ring = ringOf();
      for (let id = 0; id < 300; id++) ring.append(new Uint8Array(64));
      const id = spread(299);
      return { name: "get through a handle: `ring.get(id)`", targetNs: 15, run: () => ring.get(id()) };
    },
    () => {
      const cache = new ChunkCache(WINDOW);
      const names = Array.from({ length: 64 }, (_, index) => `stream-${index}/main`);
      for (const name of names) for (let id = 0; id < 300; id++) cache.open(name).append(new Uint8Array(64));
      const id = spread(299);
      let stream = 0;
      const run = () => cache.find(names[stream++ & 63] ?? "")?.get(id());
      return { name: "get by name: `cache.find(name)?.get(id)`, 64 streams", targetNs: 60, run };
    },
    () => {
      const ring = ringOf();
      for (let id = 0; id < 300; id++) ring.append(new Uint8Array(64));
      return { name: "miss: `ring.get(id)` of a part that has left", run: () => ring.get(3) };
    },
  ],
};

/** One round: each stream takes a part, and both of its readers get it. */
function streamsRound(streams: number, sizeBytes: number): Work {
  const cache = new ChunkCache(WINDOW);
  const rings = Array.from({ length: streams }, (_, index) => cache.open(`stream-${index}`));
  const next = payloads(sizeBytes, "cold");
  return {
    name: `${streams} ${streams === 1 ? "stream" : "streams"} of ${sizeName(sizeBytes)}: a hashed write and the reads of its 2 readers`,
    operations: streams,
    sizeBytes,
    run: () => {
      let seen = 0;
      for (const ring of rings) {
        const id = ring.append(next());
        if (ring.get(id)?.hash === 0n) seen++;
        seen += (ring.get(id)?.bytes.byteLength ?? 0) + (ring.get(id)?.bytes.byteLength ?? 0);
      }
      return seen;
    },
  };
}

/** A reader of its own: holds its handle, and the view that it got last. */
class Reader {
  readonly #ring: SlotRing;
  view: Bytes | undefined;

  constructor(ring: SlotRing) {
    this.#ring = ring;
  }

  read(id: number): void {
    this.view = this.#ring.get(id)?.bytes;
  }
}

/** A write comes after each reader has read once. */
function readers(count: number): Work {
  const ring = ringOf();
  const next = payloads(5760, "cold");
  const all = Array.from({ length: count }, () => new Reader(ring));
  return {
    name: `${count} readers, 1 writer of 5760 B: a read, with its share of a hashed write`,
    operations: count,
    targetNs: 12.5,
    run: () => {
      const id = ring.append(next());
      for (const reader of all) reader.read(id);
      return ring.get(id)?.hash;
    },
  };
}

/** Readers that wait for the part, as blocked requests do. */
function waiting(count: number): Work {
  const ring = ringOf();
  const next = payloads(5760, "cold");
  return {
    name: `${count} readers that wait for the part: from one's waiting to its answer`,
    operations: count,
    run: async () => {
      const blocked = Array.from({ length: count }, () => ring.waitFor(ring.nextId));
      ring.append(next());
      return Promise.all(blocked);
    },
  };
}

export const together: Group = {
  title: "Writers and readers together",
  about: "On one thread, as in the worker. Writes are hashed (xxHash64), payloads cold, reads are views.",
  works: [
    ...[1, 8, 64].map((streams) => async () => {
      await startHash();
      return streamsRound(streams, 65_536);
    }),
    () => streamsRound(8, 5760),
    () => streamsRound(8, 1024),
    () => readers(1000),
    () => waiting(1000),
  ],
};
