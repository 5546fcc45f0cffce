import type { Bytes } from "../model/bytes.ts";

/** The views that make up `start` to `end` of all of them: no byte is copied. */
export function slice(views: readonly Bytes[], start: number, end: number): readonly Bytes[] {
  const cut: Bytes[] = [];
  let offset = 0;
  for (const view of views) {
    const from = Math.max(start - offset, 0);
    const to = Math.min(end - offset, view.byteLength);
    if (from < to) cut.push(view.subarray(from, to));
    offset += view.byteLength;
  }
  return cut;
}
