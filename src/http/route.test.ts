import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { parseRoute } from "./route.ts";

test.each([
  ["stats.json", { kind: "stats" }],
  ["studio/main.m3u8", { kind: "multivariant", stream: "studio" }],
  ["studio/clip.mp4", { kind: "clip", stream: "studio" }],
  ["studio/hd/media.m3u8", { kind: "media", stream: "studio", rendition: "hd" }],
  ["studio/dvr.m3u8", { kind: "multivariant", stream: "studio", dvr: true }],
  ["studio/hd/dvr.m3u8", { kind: "media", stream: "studio", rendition: "hd", dvr: true }],
  [
    "studio/hd/e1/init-0.mp4",
    { kind: "init", stream: "studio", rendition: "hd", epoch: "e1", number: 0, extension: "mp4" },
  ],
  [
    "studio/hd/e1/part-42.mp4",
    { kind: "part", stream: "studio", rendition: "hd", epoch: "e1", number: 42, extension: "mp4" },
  ],
  [
    "studio/hd/e1/seg-7.mp4",
    { kind: "segment", stream: "studio", rendition: "hd", epoch: "e1", number: 7, extension: "mp4" },
  ],
  [
    "studio/hd/e1/seg-7.ts",
    { kind: "segment", stream: "studio", rendition: "hd", epoch: "e1", number: 7, extension: "ts" },
  ],
  ["%73tudio/main.m3u8", { kind: "multivariant", stream: "studio" }],
])("%s is read", (path, route) => {
  expect(parseRoute(path)).toEqual(route);
});

test.each([
  "",
  "studio",
  "studio/",
  "studio/other.m3u8",
  "../main.m3u8",
  "..%2Fmain.m3u8",
  "%2e%2e/main.m3u8",
  "st%20dio/main.m3u8",
  "studio/hd/e1/init-0.ts",
  "studio/hd/e1/part-1.avi",
  "studio/hd/e1/part-.mp4",
  "studio/hd/e1/part--1.mp4",
  "studio/hd/e1/part-1e3.mp4",
  "studio/hd/e1/part-1.mp4/more",
  `${"x".repeat(65)}/main.m3u8`,
])("%j is nobody's path", (path) => {
  expect(parseRoute(path)).toBeUndefined();
});

test("broken percent-encoding is refused with malformed-path", () => {
  expect(() => parseRoute("%zz/main.m3u8")).toThrowError(expect.objectContaining({ code: "malformed-path" }));
});

test("no path throws anything but a RelayError, and what is read names streams and renditions by their rules", () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom("..", "main.m3u8", "media.m3u8", "part-1.mp4", "%2e%2e", "studio"),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
      try {
        const route = parseRoute(pieces.join("/"));
        if (route !== undefined && route.kind !== "stats") expect(route.stream).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
      }
    }),
  );
});
