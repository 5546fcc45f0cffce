import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { MAX_INIT_BYTES, parseInitSegment } from "./init-segment.ts";
import { concat, TEST_AUDIO, TEST_VIDEO, testBox, testInit, testPart } from "./media.test-support.ts";

const code = (run: () => unknown) => {
  try {
    run();
  } catch (thrown) {
    return thrown instanceof RelayError ? thrown.code : thrown;
  }
  return "nothing";
};

describe("parseInitSegment()", () => {
  test("reads id, kind, timescale, codec and picture size of each track", () => {
    const init = parseInitSegment(testInit());
    expect(init.tracks).toMatchObject([
      { id: 1, kind: "video", timescale: 90_000, codec: "avc1.42c01f", width: 640, height: 360 },
      { id: 2, kind: "audio", timescale: 48_000, codec: "opus" },
    ]);
  });

  test("takes the video track as the primary one, and audio where there is no video", () => {
    expect(parseInitSegment(testInit()).primary.id).toBe(TEST_VIDEO.id);
    expect(parseInitSegment(testInit({ audio: TEST_AUDIO })).primary.id).toBe(TEST_AUDIO.id);
  });

  test("reads bytes that are a view into a larger buffer", () => {
    const larger = concat(new Uint8Array(13), testInit(), new Uint8Array(5));
    expect(parseInitSegment(larger.subarray(13, larger.length - 5)).tracks).toHaveLength(2);
  });

  const [ftyp, moov] = (() => {
    const init = testInit();
    const size = new DataView(init.buffer).getUint32(0);
    return [init.slice(0, size), init.slice(size)] as const;
  })();

  test.each([
    ["nothing", new Uint8Array()],
    ["no ftyp", moov],
    ["no moov", ftyp],
    ["two moovs", concat(ftyp, moov, moov)],
    ["a part", testPart()],
    ["an init segment and a part", concat(ftyp, moov, testPart())],
    ["a moov without mvex", concat(ftyp, testBox("moov", testBox("mvhd", new Array(100).fill(0))))],
    ["two tracks of one id", testInit({ video: TEST_VIDEO, audio: { id: TEST_VIDEO.id, timescale: 48_000 } })],
    ["a timescale of zero", testInit({ video: { ...TEST_VIDEO, timescale: 0 } })],
    ["no tracks", testInit({})],
    ["a cut end", testInit().slice(0, -1)],
    ["text", new TextEncoder().encode("<!doctype html><title>404</title>")],
    ["too many bytes", concat(ftyp, moov, testBox("free", new Uint8Array(0))).slice()],
  ])("refuses %s as malformed-init", (name, bytes) => {
    if (name === "too many bytes") {
      expect(code(() => parseInitSegment(new Uint8Array(MAX_INIT_BYTES + 1)))).toBe("malformed-init");
      return;
    }
    expect(code(() => parseInitSegment(bytes))).toBe("malformed-init");
  });

  test("says what was expected and what came", () => {
    expect(() => parseInitSegment(testPart())).toThrow('expected ftyp first, got "moof"');
  });

  test("throws nothing but malformed-init, whatever the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (random) => {
        expect(code(() => parseInitSegment(Uint8Array.from(random)))).toBe("malformed-init");
      }),
    );
  });

  test("survives any bytes overwritten in a real one", () => {
    const init = testInit();
    const mutation = fc.array(fc.tuple(fc.nat(init.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(mutation, (changes) => {
        const bytes = init.slice();
        for (const [at, value] of changes) bytes[at] = value;
        expect(["nothing", "malformed-init"]).toContain(code(() => parseInitSegment(bytes)));
      }),
      { numRuns: 2000 },
    );
  });
});
