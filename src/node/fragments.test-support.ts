import type { Bytes } from "../model/bytes.ts";

/** Cuts a fragmented MP4 of ffmpeg's on its fragments: the init segment, then a part for each. */
export function cutFragments(file: Bytes): { init: Bytes; parts: readonly Bytes[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const starts: number[] = [];
  let end = file.byteLength;
  for (let at = 0; at < file.byteLength; at += view.getUint32(at)) {
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (type === "moof") starts.push(at);
    if (type === "mfra") end = at;
  }
  return { init: file.slice(0, starts[0]), parts: starts.map((start, i) => file.slice(start, starts[i + 1] ?? end)) };
}
