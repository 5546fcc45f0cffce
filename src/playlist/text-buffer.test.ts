import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { TextBuffer } from "./text-buffer.ts";

function viewsOf(buffer: TextBuffer, from: number, to: number): readonly Bytes[] {
  const views: Bytes[] = [];
  buffer.pushViews(views, from, to);
  return views;
}

function textOf(views: readonly Bytes[]): string {
  return views.map((view) => new TextDecoder().decode(view)).join("");
}

describe("TextBuffer", () => {
  test("offsets stay true through growth and the loss of its front, and views stay what they were", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ length: fc.nat(30_000), dropShare: fc.double({ min: 0, max: 1, noNaN: true }) }), {
          maxLength: 40,
        }),
        (steps) => {
          const buffer = new TextBuffer();
          const held: { readonly views: readonly Bytes[]; readonly text: string }[] = [];
          let model = "";
          let start = 0;
          for (const { length, dropShare } of steps) {
            const text = String.fromCharCode(33 + (model.length % 90)).repeat(length);
            buffer.append(text);
            model += text;
            start += Math.floor((model.length - start) * dropShare);
            buffer.dropBefore(start);
            expect(buffer.end).toBe(model.length);
            held.push({ views: viewsOf(buffer, start, buffer.end), text: model.slice(start) });
            expect(buffer.sizeBytes).toBeLessThanOrEqual(model.length - start + 2 * 32_768);
          }
          for (const { views, text } of held) expect(textOf(views)).toBe(text);
        },
      ),
    );
  });

  test("dropping what is already gone brings nothing back", () => {
    const buffer = new TextBuffer();
    buffer.append("abcdef");
    buffer.dropBefore(4);
    buffer.dropBefore(1);
    buffer.append("x".repeat(100_000));
    expect(textOf(viewsOf(buffer, 4, 7))).toBe("efx");
  });

  test("views share the text's own memory", () => {
    const buffer = new TextBuffer();
    buffer.append("ab".repeat(50_000));
    const [before, after] = [viewsOf(buffer, 10, 90_000), viewsOf(buffer, 10, 90_000)];
    expect(before.map(({ buffer }) => buffer)).toEqual(after.map(({ buffer }) => buffer));
    for (const [index, view] of before.entries()) expect(after[index]?.buffer).toBe(view.buffer);
  });
});
