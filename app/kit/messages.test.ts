import { readFileSync } from "node:fs";
import { RelayError } from "eddy-hls";
import { expect, test } from "vitest";
import { words } from "../words/words.ts";
import { AppError, explain, explainCode, explainWarning, isAbort } from "./messages.ts";

test("an error of the library is told as cause and way out, and keeps what was said", () => {
  const told = explain(new RelayError("stream-exists", '"studio" is being published by another page'));
  expect(told).toMatchObject({ code: "stream-exists", detail: '"studio" is being published by another page' });
  expect(told.cause).toMatch(/live already/);
  expect(told.remedy).toMatch(/another name/);
});

test("what no one foresaw is told as such, with its message", () => {
  expect(explain(new TypeError("x is not a function"))).toMatchObject({
    code: "internal",
    detail: "x is not a function",
  });
  expect(explain("plain text")).toMatchObject({ code: "internal", detail: "plain text" });
  expect(explain(undefined).cause).not.toBe("");
});

test("errors of the demo have sentences of their own", () => {
  expect(explain(new AppError("no-file-chosen", "none"))).toMatchObject({ code: "no-file-chosen" });
});

test("a code of another release is told as something unforeseen", () => {
  const code = "code-of-tomorrow" as "internal";
  expect(explainCode(code, "news").cause).toBe(explainCode("internal", "news").cause);
});

test("a sentence about a file wins over the general one; a technical message does not", () => {
  const general = explainCode("unsupported-media", "expected ftyp, got moof").cause;
  expect(explainCode("unsupported-media", "The film is encrypted.").cause).toBe("The film is encrypted.");
  expect(general).not.toContain("ftyp");
});

test("a warning says that the stream goes on where the error would say that it did not start", () => {
  const detail = "no microphone was found: the stream has no sound";
  expect(explainWarning("source-missing", detail).cause).not.toBe(explainCode("source-missing", detail).cause);
  expect(explainWarning("source-lost", "gone").cause).toBe(explainCode("source-lost", "gone").cause);
});

test("giving up on purpose is no error", () => {
  expect(isAbort(new DOMException("stop", "AbortError"))).toBe(true);
  expect(isAbort(new DOMException("no", "NotAllowedError"))).toBe(false);
  expect(isAbort(new Error("AbortError"))).toBe(false);
});

test("each code that the library throws has sentences of its own", () => {
  const source = readFileSync(new URL("../../src/model/errors.ts", import.meta.url), "utf8");
  const codes = [...source.matchAll(/^ {2}\| "([a-z-]+)"/gm)].map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(40);
  for (const code of codes) {
    expect(Object.hasOwn(words.errors.codes, code), code).toBe(true);
    const { cause, remedy } = explainCode(code, "");
    expect(`${cause} ${remedy}`, code).toMatch(/^[A-Z].+[.] [A-Z].+[.]$/);
  }
});
