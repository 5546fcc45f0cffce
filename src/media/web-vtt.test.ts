import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { checkWebVtt, joinWebVtt } from "./web-vtt.ts";

const encode = (text: string) => new TextEncoder().encode(text) as Bytes;
const joined = (files: readonly string[]) => Buffer.concat(joinWebVtt(files.map(encode))).toString();

const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
const word = fc.stringMatching(/^[a-z0-9é:.-]{1,12}$/);
/** A file with one kind of line end: signature, header lines, blank line, cues; with or without a byte order mark. */
const file = fc
  .record({
    end: lineEnd,
    mark: fc.boolean(),
    title: fc.option(word, { nil: undefined }),
    header: fc.array(word, { maxLength: 3 }),
    cues: fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 4 }),
    closed: fc.boolean(),
  })
  .map(({ end, mark, title, header, cues, closed }) => {
    const head = [`${mark ? "\ufeff" : ""}WEBVTT${title === undefined ? "" : ` ${title}`}`, ...header].join(end);
    const body = cues.map((lines) => lines.join(end)).join(end + end);
    return { text: head + end + end + body + (closed ? end : ""), cues };
  });

/** The blocks of a file behind its header. */
function cuesOf(text: string): string[][] {
  const blocks = text
    .replace(/\r\n?/g, "\n")
    .split(/\n{2,}/)
    .slice(1);
  return blocks.map((block) => block.split("\n").filter((line) => line !== "")).filter((lines) => lines.length > 0);
}

test("files become one: the first header stands, every cue of each is a block of its own, and no byte of a cue is lost", () => {
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 5 }), (files) => {
      const text = joined(files.map((one) => one.text));
      expect(text.startsWith(files[0]?.text ?? "")).toBe(true);
      expect(cuesOf(text)).toEqual(files.flatMap(({ cues }) => cues));
      expect(text.match(/WEBVTT/g)).toHaveLength(1);
      expect(() => checkWebVtt(encode(text))).not.toThrow();
    }),
  );
});

test("joining copies nothing: the views are those of the files, in order", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 5 }), (files) => {
      const views = joinWebVtt(files as Bytes[]);
      const sources = views.filter(({ buffer }) => files.some((one) => one.buffer === buffer));
      expect(sources).toHaveLength(files.length);
      for (const [index, { buffer }] of sources.entries()) expect(buffer).toBe(files[index]?.buffer);
    }),
  );
});

test("a file without a body adds nothing, and one that is all header does not end the next one's", () => {
  expect(joined(["WEBVTT\n\nfirst", "WEBVTT", "WEBVTT - title\nregion", "WEBVTT\n\nlast"])).toMatch(
    /^WEBVTT\n\nfirst\n+last$/,
  );
});

test("what is no WebVTT is refused with malformed-part, whatever the bytes are", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.uint8Array({ maxLength: 16 }).map((rest) => new Uint8Array([...encode("WEBVTT"), ...rest])),
  );
  fc.assert(
    fc.property(bytes, (candidate) => {
      let refused = false;
      try {
        checkWebVtt(candidate as Bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
        expect((error as RelayError).code).toBe("malformed-part");
        refused = true;
      }
      const text = Buffer.from(candidate).toString();
      const isText = Buffer.from(text).equals(Buffer.from(candidate));
      expect(refused).toBe(!(isText && /^\ufeff?WEBVTT(?:[ \t\r\n]|$)/.test(text)));
    }),
  );
});
