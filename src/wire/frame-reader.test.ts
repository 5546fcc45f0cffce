import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { FrameReader } from "./frame-reader.ts";
import { frames } from "./frames.test-support.ts";
import type { PeerFrame } from "./peer-frame.ts";
import { encodeFrame } from "./peer-frame-codec.ts";

const ping = encodeFrame({ kind: "ping", token: 1 });

test("frames of a stream come out whole and in order, wherever its chunks were cut", () => {
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 6 }), fc.array(fc.integer({ min: 1, max: 3000 })), (sent, sizes) => {
      const bytes = new Uint8Array(sent.flatMap((frame) => [...encodeFrame(frame)]));
      const reader = new FrameReader();
      const got: PeerFrame[] = [];
      for (let at = 0, next = 0; at < bytes.byteLength; next++) {
        const size = sizes[next] ?? bytes.byteLength;
        got.push(...reader.push(bytes.slice(at, at + size)));
        at += size;
      }
      expect(got).toEqual(sent);
      expect(reader.pendingBytes).toBe(0);
    }),
  );
});

test("a stream that was cut off shows by what is pending", () => {
  const reader = new FrameReader();
  expect(reader.push(ping.slice(0, 6))).toEqual([]);
  expect(reader.pendingBytes).toBe(6);
});

test("a frame that could never be whole is refused by its head", () => {
  const long: Bytes = new Uint8Array([1, 2, 0xff, 0xff]);
  expect(() => new FrameReader().push(long)).toThrow(expect.objectContaining({ code: "malformed-frame" }));
});
