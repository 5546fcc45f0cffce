import { gzipSync } from "fflate";
import { ChunkCache, M3u8Manifest, restoreManifest } from "../../src/core.ts";
import type { Bytes } from "../../src/model/bytes.ts";
import type { SegmentRecord } from "../../src/model/record.ts";
import type { Group, Work } from "./measure.ts";

const SEGMENT_MS = 2000;
const PART_SIZE_BYTES = 64_000;
const WALL_MS = Date.UTC(2026, 4, 1);

/** A manifest with a full window, and its producer. */
export class Producer {
  readonly manifest: M3u8Manifest;
  readonly #partMs: number;
  readonly #partsPerSegment: number;
  #count = 0;

  constructor(window: { readonly segments: number; readonly partsPerSegment: number; readonly dvrSegments?: number }) {
    const { segments, partsPerSegment, dvrSegments = 0 } = window;
    this.#partMs = SEGMENT_MS / partsPerSegment;
    this.#partsPerSegment = partsPerSegment;
    this.manifest = new M3u8Manifest({
      partTargetMs: this.#partMs,
      targetDurationMs: SEGMENT_MS,
      segmentMinMs: SEGMENT_MS,
      maxSegments: segments,
      dvr: dvrSegments > 0,
      wallMs: () => WALL_MS,
    });
    this.play(Math.max(segments, dvrSegments) + 2);
  }

  play(segments: number): void {
    for (let count = segments * this.#partsPerSegment; count > 0; count--) this.add();
  }

  add(): void {
    const independent = this.#count++ % this.#partsPerSegment === 0;
    this.manifest.addPart({ durationMs: this.#partMs, independent, sizeBytes: PART_SIZE_BYTES });
  }
}

export function join(chunks: readonly Bytes[]): Bytes {
  const joined = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    joined.set(chunk, at);
    at += chunk.byteLength;
  }
  return joined;
}

/** Adds a part and makes something of the manifest, again and again. */
function perPart(producer: Producer, name: string, make: (manifest: M3u8Manifest) => unknown, targetNs?: number): Work {
  const run = () => {
    producer.add();
    return make(producer.manifest);
  };
  return { name, run, ...(targetNs === undefined ? {} : { targetNs }) };
}

const SHORT = { segments: 32, partsPerSegment: 8 };
const FOUR_HOURS = { segments: 7200, partsPerSegment: 8 };

export const playlists: Group = {
  title: "Playlists",
  about:
    "`addPart()`, and then what is named. Segments last 2 s. Rendered: the whole Media Playlist as chunks of bytes, ready for a " +
    "Response; closed segments are views of text that is there. Joined: copied into one array.",
  works: [
    ...[4, 8, 12, 32].map(
      (partsPerSegment) => () =>
        perPart(
          new Producer({ segments: 32, partsPerSegment }),
          `32 segments x ${partsPerSegment} parts, rendered`,
          (manifest) => manifest.render(),
          partsPerSegment === 8 ? 6000 : undefined,
        ),
    ),
    () => perPart(new Producer(FOUR_HOURS), "7200 x 8, rendered", (manifest) => manifest.render(), 9000),
    () => perPart(new Producer(SHORT), "32 x 8, not rendered", () => undefined),
    () => perPart(new Producer(FOUR_HOURS), "7200 x 8, not rendered", () => undefined),
    () => perPart(new Producer(SHORT), "32 x 8, rendered and joined", (manifest) => join(manifest.render())),
    () => perPart(new Producer(FOUR_HOURS), "7200 x 8, rendered and joined", (manifest) => join(manifest.render())),
    () => perPart(new Producer(SHORT), "32 x 8, as a delta", (manifest) => manifest.renderDelta()),
    () => perPart(new Producer(FOUR_HOURS), "7200 x 8, as a delta", (manifest) => manifest.renderDelta()),
    () =>
      perPart(
        new Producer({ ...SHORT, dvrSegments: 7200 }),
        "32 x 8 over a DVR window of 7200, the live list rendered",
        (manifest) => manifest.render(),
      ),
    () =>
      perPart(new Producer({ ...SHORT, dvrSegments: 7200 }), "the same, the DVR list as a delta", (manifest) =>
        manifest.renderDvrDelta(),
      ),
    () =>
      perPart(new Producer(SHORT), "32 x 8, rendered, joined and compressed (fflate, level 6)", (manifest) =>
        gzipSync(join(manifest.render())),
      ),
    () => {
      const segments = recordsOf(7200, 8);
      const options = { partTargetMs: 250, targetDurationMs: SEGMENT_MS, dvr: true };
      const run = () => restoreManifest(options, { segments, liveMsn: 7169 });
      return { name: "restore 7200 x 8 from records (each)", run };
    },
  ],
};

function recordsOf(segments: number, parts: number): readonly SegmentRecord[] {
  return Array.from({ length: segments }, (_, index) => ({
    msn: index + 1,
    epoch: "0",
    firstPartId: index * parts,
    startMs: index * SEGMENT_MS,
    wallOffsetMs: WALL_MS,
    discontinuity: false,
    discontinuitySequence: 0,
    initIndex: 0,
    initEpoch: "0",
    keys: [],
    durationsMs: new Array<number>(parts).fill(SEGMENT_MS / parts),
    sizesBytes: new Array<number>(parts).fill(PART_SIZE_BYTES),
    flags: Array.from({ length: parts }, (_, part) => (part === 0 ? 1 : 0)),
  }));
}

/** What a part costs in all: the ring, the manifest, the playlist. Not hashed. */
class LiveStreams {
  readonly #streams;
  readonly #payload = new Uint8Array(PART_SIZE_BYTES);
  #turn = 0;

  constructor(count: number) {
    const cache = new ChunkCache({ maxSegments: 32, maxPartsPerSegment: 8, numPlaylists: count });
    this.#streams = Array.from({ length: count }, (_, index) => ({
      ring: cache.open(`stream-${index}`),
      producer: new Producer(SHORT),
    }));
  }

  /** A part of the next stream. */
  part(): unknown {
    const stream = this.#streams[this.#turn++ % this.#streams.length];
    stream?.ring.append(this.#payload);
    stream?.producer.add();
    return stream?.producer.manifest.render();
  }

  hours(hours: number): void {
    const parts = (hours * 3_600_000 * 8) / SEGMENT_MS;
    for (let part = 0; part < parts * this.#streams.length; part++) this.part();
  }
}

function partAfter(name: string, count: number, hours: number): Work {
  const streams = new LiveStreams(count);
  streams.hours(hours);
  return { name, run: () => streams.part() };
}

export const growth: Group = {
  title: "Cost that does not grow",
  about: "A part into the ring (a view, not hashed) and the list of 32 x 8, and the playlist rendered.",
  works: [
    () => partAfter("1 stream, after a minute", 1, 1 / 60),
    () => partAfter("1 stream, after 24 simulated hours", 1, 24),
    () => partAfter("64 streams, after a minute", 64, 1 / 60),
  ],
};
