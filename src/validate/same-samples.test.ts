import { expect, test } from "vitest";
import { concat, testBox, testPart } from "../media/media.test-support.ts";
import { sameSamples } from "./same-samples.ts";

const parts = [0, 1, 2].map((n) => testPart({ sequenceNumber: n + 1, firstFrame: n * 6, frames: 6 }));
const text = (content: string) => Uint8Array.from(new TextEncoder().encode(content));

test("rule 18: parts are the segment when their bytes are", () => {
  expect(sameSamples(parts, concat(...parts))).toBeUndefined();
  expect(sameSamples(parts.slice(1), concat(...parts))).toContain("different media");
});

test("rule 18: boxes around the media may differ, its data may not", () => {
  expect(sameSamples(parts, concat(testBox("styp", [1, 2, 3, 4]), ...parts))).toBeUndefined();
  const changed = concat(...parts);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  expect(sameSamples(parts, changed)).toContain("different media");
  expect(sameSamples([text("no boxes")], text("none either"))).toContain("different media");
});

test("rule 18: parts of WebVTT have a header each, and share a cue that lasts over both", () => {
  const long = "00:00.000 --> 00:02.000\nboth";
  const files = [text(`WEBVTT\n\n${long}\n`), text(`WEBVTT\n\n${long}\n\n00:01.000 --> 00:02.000\nsecond\n`)];
  expect(sameSamples(files, text(`WEBVTT\n\n${long}\n\n00:01.000 --> 00:02.000\nsecond\n`))).toBeUndefined();
  expect(sameSamples(files, text(`WEBVTT\n\n${long}\n`))).toContain("no cue");
  expect(sameSamples(files.slice(0, 1), text(`WEBVTT\n\n${long}\n\n00:01.000 --> 00:02.000\nx\n`))).toContain(
    "no part",
  );
});
