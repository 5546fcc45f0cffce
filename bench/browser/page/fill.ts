import type { Relay } from "eddy-hls";
import { testInit } from "../../../src/media/media.test-support.ts";
import { type PartSample, writePart } from "../../../src/media/part-writer.ts";
import { CACHE_NAME, PARTS_PER_SEGMENT, RESOURCES, resourceUrl, SCOPE } from "../contract.ts";
import { openMedia, STORE } from "../database.ts";

type Bytes = ReturnType<typeof writePart>;

const VIDEO = { id: 1, timescale: 90_000, width: 640, height: 360 } as const;
const FRAMES = 6;
const FRAME_TICKS = 3_000;
/** What one part lasts: six frames at 30 to the second. */
export const PART_MS = 200;
/** Segments close after as many parts, at a key frame. */
export const STREAM = { partTargetMs: PART_MS, targetDurationMs: 4_000, segmentMinMs: PARTS_PER_SEGMENT * PART_MS };

export const videoInit = (): Bytes => testInit({ video: VIDEO });

/** A part of exactly `sizeBytes`: real boxes around frames that no decoder takes. */
export function videoPart(n: number, sizeBytes: number): Bytes {
  const write = (frameBytes: number, lastBytes: number): Bytes => {
    const samples = Array.from({ length: FRAMES }, (_, i): PartSample => {
      const bytes = new Uint8Array(i === FRAMES - 1 ? lastBytes : frameBytes).fill(n + i);
      return {
        bytes,
        durationTicks: FRAME_TICKS,
        sync: i === 0 && n % PARTS_PER_SEGMENT === 0,
        compositionOffsetTicks: 0,
      };
    });
    return writePart({
      sequenceNumber: n + 1,
      tracks: [{ trackId: VIDEO.id, baseTicks: n * FRAMES * FRAME_TICKS, samples }],
    });
  };
  const bodyBytes = sizeBytes - write(0, 0).byteLength;
  const frameBytes = Math.floor(bodyBytes / FRAMES);
  return write(frameBytes, bodyBytes - frameBytes * (FRAMES - 1));
}

/** URLs of the relay, by what each answers with. */
export interface RelayUrls {
  readonly parts: ReadonlyMap<number, readonly string[]>;
  readonly segments: ReadonlyMap<number, readonly string[]>;
}

/** Publishes parts and segments of these sizes, as every page does, and reads their URLs from the playlists. */
export async function fillRelay(relay: Relay, sizesBytes: readonly number[]): Promise<RelayUrls> {
  const parts = new Map<number, readonly string[]>();
  const segments = new Map<number, readonly string[]>();
  // A size is both that of a part and that of a segment of smaller parts, where those have room for their boxes.
  const partSizes = new Set(
    sizesBytes.flatMap((size) => [size, size / PARTS_PER_SEGMENT]).filter((size) => size > 512),
  );
  const ids = new Map([...partSizes].map((size) => [size, `part-${size}`]));
  const publisher = await relay.publish("media", {
    ...STREAM,
    renditions: [...ids.values()].map((id) => ({ id, bandwidth: 1_000_000 })),
  });
  for (const [sizeBytes, id] of ids) {
    await publisher.init(id, videoInit());
    for (let n = 0; n <= RESOURCES; n++) {
      await publisher.part(id, { bytes: videoPart(n, sizeBytes), durationMs: PART_MS });
    }
  }
  // Ended, so that no playlist waits for another.
  await publisher.end();
  for (const [sizeBytes, id] of ids) {
    const folder = `${relay.base}media/${id}/`;
    const text = await (await fetch(`${folder}media.m3u8`)).text();
    const listed = [...text.matchAll(/#EXT-X-PART:.*URI="([^"]+)"/g)].map(([, uri]) => folder + uri);
    parts.set(sizeBytes, listed.slice(0, RESOURCES));
    const [, first] = /^(.*seg-.*)$/m.exec(text) ?? [];
    if (first !== undefined) segments.set(sizeBytes * PARTS_PER_SEGMENT, [folder + first]);
  }
  return { parts, segments };
}

/** Puts the same sizes where the alternatives look for them. */
export async function fillOthers(sizesBytes: readonly number[]): Promise<void> {
  const cache = await caches.open(CACHE_NAME);
  const database = await openMedia();
  for (const sizeBytes of sizesBytes) {
    for (let n = 0; n < RESOURCES; n++) {
      const bytes = videoPart(n, sizeBytes);
      const headers = { "content-type": "video/mp4" };
      await cache.put(resourceUrl("workbox", sizeBytes, n), new Response(bytes, { headers }));
      const url = resourceUrl("indexeddb", sizeBytes, n);
      await database.put(STORE, bytes, url.slice(`${SCOPE}indexeddb/`.length));
    }
  }
  database.close();
}
