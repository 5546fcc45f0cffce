import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { CAPTURE_PROTOCOL } from "./messages.ts";
import { readFromCapture } from "./read-from-capture.ts";
import { readToCapture } from "./read-to-capture.ts";

const refused = (code: string) => expect.objectContaining({ name: "RelayError", code });
const options = { partTargetMs: 333, targetDurationMs: 2_000, renditions: [{}], audio: true };
const open = { type: "open", protocol: CAPTURE_PROTOCOL, source: { kind: "pattern" }, options };

test("what a page says is read as it was said", () => {
  const file = new Blob(["a"]);
  const said = [
    open,
    { ...open, source: { kind: "stream", video: new ReadableStream(), name: "camera", frameRate: 0 } },
    { ...open, source: { kind: "files", files: [{ file, name: "a.mp4" }], loop: false } },
    { type: "start" },
    { type: "ack", rendition: "main" },
    { type: "ask", id: 3, ask: { kind: "pause", paused: true, text: "Paused" } },
    { type: "measure", protocol: CAPTURE_PROTOCOL, ask: { width: 640, height: 360, frameRate: 30 } },
    { type: "stop" },
  ];
  for (const message of said) expect(readToCapture(message)).toEqual(message);
});

test.each([
  [{ ...open, protocol: CAPTURE_PROTOCOL + 1, options: null }, "version-mismatch"],
  [{ ...open, protocol: undefined }, "version-mismatch"],
  [{ ...open, options: { ...options, partTargetMs: Number.POSITIVE_INFINITY } }, "invalid-option"],
  [{ ...open, options: { ...options, partTargetMs: Number.NaN } }, "invalid-option"],
  [{ ...open, options: { ...options, renditions: [{ videoBitrate: 0 }] } }, "invalid-option"],
  [{ ...open, options: { ...options, renditions: new Array(2) } }, "malformed-message"],
  [{ ...open, source: { kind: "pattern", width: 1e9 } }, "invalid-option"],
  [{ ...open, source: { kind: "files", files: [], loop: false } }, "malformed-message"],
  [{ ...open, source: { kind: "files", files: [{ file: "a.mp4", name: "a.mp4" }] } }, "malformed-message"],
  [{ type: "ask", id: 0.5, ask: { kind: "next" } }, "malformed-message"],
  [{ type: "ask", id: 0, ask: { kind: "explode" } }, "malformed-message"],
  [{ type: "measure", protocol: CAPTURE_PROTOCOL, ask: { width: 1e6, height: 1e6, frameRate: 30 } }, "invalid-option"],
  [{ type: "constructor" }, "malformed-message"],
  [null, "malformed-message"],
])("%j is refused as %s", (message, code) => {
  expect(() => readToCapture(message)).toThrow(refused(code));
});

test.each([
  [{ type: "ready", renditions: new Array(1), partTargetMs: 1, targetDurationMs: 1 }],
  [{ type: "part", part: { rendition: "main", bytes: [1, 2], durationMs: 1, programDateTimeMs: 1 } }],
  [{ type: "part", part: { rendition: "main", bytes: new Uint8Array(1), durationMs: -1, programDateTimeMs: 1 } }],
  [{ type: "stats", stats: { framesPerSecond: Number.NaN } }],
  [{ type: "levels", levels: [{ peakDb: "loud", rmsDb: 0 }] }],
  [{ type: "answer", id: 1, error: {} }],
  [{ type: "error", code: "internal" }],
  [undefined],
])("a page believes no worker that says %j", (message) => {
  expect(() => readFromCapture(message)).toThrow(refused("malformed-message"));
});

test("nothing that can be posted between a page and its capture worker makes reading throw anything but a RelayError", () => {
  const value = fc.anything({ withTypedArray: true });
  const field = (...known: unknown[]) => fc.oneof(fc.constantFrom(...known), value);
  const message = fc.oneof(
    value,
    fc.record({
      type: field("open", "measure", "ask", "ack", "ready", "part", "init", "stats", "levels", "answer", "measured"),
      protocol: field(CAPTURE_PROTOCOL),
      source: fc.oneof(value, fc.record({ kind: field("pattern", "stream", "files"), files: value, video: value })),
      options: fc.oneof(value, fc.record({ partTargetMs: field(333), renditions: field([{}], [undefined]) })),
      ask: fc.oneof(value, fc.record({ kind: field("switch", "pause"), source: value, text: value })),
      id: field(1),
      part: fc.oneof(value, fc.record({ rendition: field("main"), bytes: value, durationMs: value })),
      stats: fc.oneof(value, fc.record({ renditions: value, levels: value })),
      renditions: fc.oneof(value, fc.array(value)),
      measures: fc.oneof(value, fc.array(fc.record({ load: value }))),
    }),
  );
  fc.assert(
    fc.property(message, (sent) => {
      for (const read of [readToCapture, readFromCapture]) {
        try {
          read(sent);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(RelayError);
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
