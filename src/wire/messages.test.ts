import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { readDiagnostic } from "./diagnostics.ts";
import { type Ask, isEddyMessage, readKept, WIRE_VERSION } from "./messages.ts";
import { readAsk } from "./read-ask.ts";
import { MAX_MESSAGE_BYTES } from "./read-step.ts";
import { readStorageAsk } from "./storage-asks.ts";

const read = (ask: unknown, eddy: number = WIRE_VERSION): Ask =>
  readAsk({ eddy, id: 1, ask }, { diagnostic: readDiagnostic, storage: readStorageAsk });
const refused = (code: string) => expect.objectContaining({ code });
const step = (fields: object) => ({
  type: "step",
  stream: "studio",
  epoch: "e1",
  session: 1,
  rendition: "main",
  number: 0,
  step: fields,
});

test("a part is read as it was sent, over the very same bytes", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const ask = read(step({ kind: "part", bytes, durationMs: 200, independent: true, programDateTimeMs: 5 }));
  expect(ask).toEqual(step({ kind: "part", bytes, durationMs: 200, independent: true, programDateTimeMs: 5 }));
  expect(ask.type === "step" && ask.step.kind === "part" && ask.step.bytes).toBe(bytes);
});

test("what is kept is read as it was sent; of another version, or something else, it is none, and a broken one is refused", () => {
  const kept = { stream: "studio", epoch: "e1", session: 2, expected: [{ rendition: "main", number: 7 }] };
  expect(readKept({ eddy: WIRE_VERSION, kept })).toEqual(kept);
  expect(readKept({ eddy: WIRE_VERSION + 1, kept })).toBeUndefined();
  expect(readKept({ eddy: WIRE_VERSION, re: 1, answer: {} })).toBeUndefined();
  for (const broken of [
    { ...kept, expected: 7 },
    { ...kept, expected: [{ rendition: "main", number: -1 }] },
    { ...kept, session: "2" },
    { ...kept, stream: "../x" },
  ]) {
    expect(() => readKept({ eddy: WIRE_VERSION, kept: broken })).toThrowError(RelayError);
  }
});

test("another version is refused, with both versions named", () => {
  expect(() => read({ type: "hello" }, WIRE_VERSION + 1)).toThrowError(
    expect.objectContaining({ code: "version-mismatch", message: expect.stringMatching(/6.*5/) }),
  );
});

test.each([
  [step({ kind: "part", bytes: "x", durationMs: 1 }), "malformed-message"],
  [step({ kind: "part", bytes: new Uint8Array(new SharedArrayBuffer(8)), durationMs: 1 }), "malformed-message"],
  [step({ kind: "part", bytes: new Uint8Array(1), durationMs: Number.NaN }), "malformed-message"],
  [step({ kind: "part", bytes: new Uint8Array(1), durationMs: -1 }), "malformed-message"],
  [step({ kind: "init", bytes: new Uint8Array(MAX_MESSAGE_BYTES + 1) }), "part-too-large"],
  [step({ kind: "other" }), "malformed-message"],
  [{ ...step({ kind: "discontinuity" }), stream: "../x" }, "invalid-name"],
  [{ ...step({ kind: "discontinuity" }), epoch: "E/1" }, "malformed-message"],
  [{ ...step({ kind: "discontinuity" }), number: 1.5 }, "malformed-message"],
  [{ type: "open", stream: "studio", epoch: "e1", session: 1, options: null, starts: [] }, "malformed-message"],
  [
    { type: "open", stream: "studio", epoch: "e1", session: 1, options: {}, starts: new Array(65) },
    "malformed-message",
  ],
  [{ type: "rename", stream: "studio" }, "malformed-message"],
  [{ type: "rename", stream: "studio", title: "x".repeat(121) }, "invalid-option"],
  [{ type: "dvrWindow", windowMs: "an hour" }, "malformed-message"],
  [{ type: "dvrWindow", windowMs: 59_999 }, "invalid-option"],
  [{ type: "dvrWindow", windowMs: Number.NaN }, "invalid-option"],
  [{ type: "dvrWindow", windowMs: 86_400_001 }, "invalid-option"],
  [{ type: "pin", stream: "..", on: true }, "invalid-name"],
  [{ type: "nothing" }, "malformed-message"],
  [undefined, "malformed-message"],
])("message %# is refused with a code", (ask, code) => {
  expect(() => read(ask)).toThrowError(refused(code));
});

test("a list with holes is refused, since who reads it would find nothing there", () => {
  const holed = Object.assign(new Array(2), { 0: { rendition: "main", number: 1 } });
  const end = { type: "end", stream: "studio", epoch: "e1", session: 1, expected: holed };
  expect(() => read(end)).toThrow(refused("malformed-message"));
  const open = { type: "open", stream: "studio", epoch: "e1", session: 1, options: {}, starts: new Array(1) };
  expect(() => read(open)).toThrow(refused("malformed-message"));
});

test("a title is read without the space around it, and none is one too", () => {
  expect(read({ type: "rename", stream: "studio", title: "  Morning  " })).toMatchObject({ title: "Morning" });
  expect(read({ type: "rename", stream: "studio", title: " " })).toMatchObject({ title: "" });
});

test("messages of others are not ours", () => {
  for (const data of [null, undefined, 1, "eddy", {}, { eddy: "1" }, []]) expect(isEddyMessage(data)).toBe(false);
});

test("nothing that a page can send makes reading throw anything but a RelayError", () => {
  const value = fc.anything({ withTypedArray: true });
  const ask = fc.oneof(
    value,
    fc.record({
      type: fc.constantFrom("hello", "open", "step", "end", "stats", "remove"),
      stream: fc.oneof(fc.constant("studio"), value),
      epoch: fc.oneof(fc.constant("e1"), value),
      session: fc.oneof(fc.nat(), value),
      rendition: fc.oneof(fc.constant("main"), value),
      number: fc.oneof(fc.nat(), value),
      options: value,
      starts: value,
      step: fc.oneof(
        value,
        fc.record({
          kind: fc.constantFrom("init", "part", "gap", "key", "dateRange"),
          bytes: value,
          durationMs: value,
          keys: value,
          range: value,
        }),
      ),
    }),
  );
  fc.assert(
    fc.property(ask, (sent) => {
      try {
        read(sent);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
      }
    }),
  );
});
