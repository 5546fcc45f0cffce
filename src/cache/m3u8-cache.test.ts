import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { M3u8Cache, M3u8Ring } from "./m3u8-cache.ts";
import { startGzip } from "./start-gzip.ts";

const coded = (code: string) => expect.objectContaining({ code });
const bytes = (content: string): Bytes => new TextEncoder().encode(content);
/** A playlist in two chunks. */
const text = (content: string): readonly Bytes[] => [bytes(content.slice(0, 1)), bytes(content.slice(1))];
function synchronous(packed: Bytes | Promise<Bytes> | undefined): Bytes {
  if (packed instanceof Uint8Array) return packed;
  throw new Error("expected a short playlist to be compressed at once");
}
const at = (msn: number, part: number) => ({ msn, part });

test("a playlist is given as the very chunks that were put, by its position", () => {
  const ring = new M3u8Ring();
  const playlist = text("#EXTM3U\n");
  ring.put({ position: at(1, 0), playlist });
  expect(ring.get(at(1, 0))?.raw).toBe(playlist);
  expect(ring.get(at(1, 0))?.position).toEqual(at(1, 0));
  expect(ring.last).toBe(ring.get(at(1, 0)));
  expect(ring.get(at(1, 1))).toBeUndefined();
});

test("last, position and delta are those of the last playlist", () => {
  const ring = new M3u8Ring();
  expect([ring.last, ring.position, ring.delta]).toEqual([undefined, undefined, undefined]);
  const delta = text("skip");
  ring.put({ position: at(1, 0), playlist: text("a"), delta });
  expect(ring.delta).toMatchObject({ position: at(1, 0), raw: delta });
  ring.put({ position: at(1, 1), playlist: text("b") });
  expect(ring.position).toEqual(at(1, 1));
  expect(ring.delta).toBeUndefined();
});

startGzip();

test("the gzip form unpacks to the playlist and is made once", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 500 }), (content) => {
      const ring = new M3u8Ring();
      ring.put({ position: at(1, 0), playlist: text(content), delta: text(`${content}!`) });
      expect(gunzipSync(synchronous(ring.last?.gzip)).toString()).toBe(content);
      expect(gunzipSync(synchronous(ring.delta?.gzip)).toString()).toBe(`${content}!`);
      expect(ring.last?.gzip).toBe(ring.last?.gzip);
    }),
    { numRuns: 50 },
  );
});

test("a long playlist is compressed beside the thread, once", async () => {
  const ring = new M3u8Ring();
  const content = "#EXTINF:2.00000,\n".repeat(5000);
  ring.put({ position: at(1, 0), playlist: text(content) });
  const [first, second] = [ring.last?.gzip, ring.last?.gzip];
  expect(first).toBeInstanceOf(Promise);
  expect(second).toBe(first);
  expect(gunzipSync((await first)!).toString()).toBe(content);
  expect(ring.last?.gzip).toBe(await first);
});

test("putting does not compress", () => {
  const ring = new M3u8Ring();
  const playlist = text("#EXTM3U\n");
  ring.put({ position: at(1, 0), playlist });
  playlist[0]![0] = 0x21; // Shows only because nothing has been made of the bytes yet.
  expect(gunzipSync(synchronous(ring.last?.gzip)).toString()).toBe("!EXTM3U\n");
});

test("the same position again replaces its playlist", () => {
  const ring = new M3u8Ring();
  ring.put({ position: at(1, 0), playlist: text("a") });
  const held = ring.last;
  ring.put({ position: at(1, 0), playlist: text("ab") });
  expect(ring.get(at(1, 0))?.raw).toEqual(text("ab"));
  expect(held?.raw).toEqual(text("a"));
  expect([ring.count, ring.sizeBytes]).toEqual([1, 2]);
});

test("a position before the last is refused and nothing changes", () => {
  const ring = new M3u8Ring();
  ring.put({ position: at(2, 3), playlist: text("a"), delta: text("d") });
  for (const position of [at(2, 2), at(1, 9)]) {
    expect(() => ring.put({ position, playlist: text("b") })).toThrow(coded("out-of-order"));
  }
  expect([ring.last?.raw, ring.delta?.raw, ring.count]).toEqual([text("a"), text("d"), 1]);
});

test.each([at(-1, 0), at(1, -1), at(1.5, 0), at(Number.NaN, 0), at(1, 65_536)])(
  "the position %j is refused, and missed",
  (position) => {
    const ring = new M3u8Ring();
    ring.put({ position: at(0, 65_535), playlist: text("a") });
    ring.put({ position: at(2, 0), playlist: text("b") });
    expect(() => ring.put({ position, playlist: text("c") })).toThrow(coded("invalid-option"));
    expect(ring.get(position)).toBeUndefined();
  },
);

test("the latest 64 playlists stay", () => {
  const ring = new M3u8Ring();
  for (let msn = 1; msn <= 66; msn += 1) ring.put({ position: at(msn, 0), playlist: text(String(msn)) });
  expect([ring.get(at(2, 0)), ring.count]).toEqual([undefined, 64]);
  expect(ring.get(at(3, 0))?.raw).toEqual(text("3"));
});

test("long playlists leave before they fill memory, and the last one stays", () => {
  const ring = new M3u8Ring();
  const mebibytes = 1024 * 1024;
  for (let msn = 1; msn <= 5; msn += 1) ring.put({ position: at(msn, 0), playlist: [new Uint8Array(3 * mebibytes)] });
  expect([ring.count, ring.sizeBytes]).toEqual([2, 6 * mebibytes]);
  ring.put({ position: at(6, 0), playlist: [new Uint8Array(9 * mebibytes)] });
  expect([ring.count, ring.position]).toEqual([1, at(6, 0)]);
});

test("init segments are kept beside the playlists", () => {
  const ring = new M3u8Ring();
  const init = bytes("moov");
  ring.setInit(2, init);
  expect(ring.init(2)).toBe(init);
  expect(ring.init(0)).toBeUndefined();
});

test("open() gives the same handle while the stream lives; there are as many as playlists", () => {
  const cache = new M3u8Cache({ numPlaylists: 2 });
  const ring = cache.open("studio");
  expect(cache.open("studio")).toBe(ring);
  expect([cache.find("studio"), cache.find("stage")]).toEqual([ring, undefined]);
  cache.open("stage");
  expect(() => cache.open("hall")).toThrow(coded("stream-limit"));
});

test("close() frees the place, and handles of the former stream never see the next one", () => {
  const cache = new M3u8Cache({ numPlaylists: 1 });
  const former = cache.open("studio");
  former.put({ position: at(1, 0), playlist: text("a"), delta: text("d") });
  former.setInit(0, bytes("moov"));
  expect(cache.close("studio")).toBe(true);
  expect(cache.close("studio")).toBe(false);
  const next = cache.open("studio");
  next.put({ position: at(1, 0), playlist: text("b") });
  expect(next.generation).toBeGreaterThan(former.generation);
  expect([former.get(at(1, 0)), former.last, former.delta, former.init(0), former.sizeBytes]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    0,
  ]);
  expect(() => former.put({ position: at(1, 1), playlist: text("c") })).toThrow(coded("closed"));
  expect(() => former.setInit(1, bytes("moov"))).toThrow(coded("closed"));
});
