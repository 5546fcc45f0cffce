import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TextBuffer } from "./text-buffer.ts";

function textBetween(buffer: TextBuffer, from: number, to: number): string {
  const target = new Uint8Array(to - from);
  buffer.copyTo(target, 0, from, to);
  return new TextDecoder().decode(target);
}

describe("TextBuffer", () => {
  test("offsets stay true through growth and through the loss of its front", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.nat(3000), dropShare: fc.double({ min: 0, max: 1, noNaN: true }) }), {
          maxLength: 60,
        }),
        (steps) => {
          const buffer = new TextBuffer();
          let model = "";
          let start = 0;
          for (const { length, dropShare } of steps) {
            const text = String.fromCharCode(33 + (model.length % 90)).repeat(length);
            buffer.append(text);
            model += text;
            start += Math.floor((model.length - start) * dropShare);
            buffer.dropBefore(start);
            expect(buffer.end).toBe(model.length);
            expect(textBetween(buffer, start, buffer.end)).toBe(model.slice(start));
          }
        },
      ),
    );
  });

  test("dropping what is already gone brings nothing back", () => {
    const buffer = new TextBuffer();
    buffer.append("abcdef");
    buffer.dropBefore(4);
    buffer.dropBefore(1);
    buffer.append("x".repeat(10_000)); // moves the text
    expect(textBetween(buffer, 4, 7)).toBe("efx");
  });
});
