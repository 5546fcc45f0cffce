type Bytes = Uint8Array<ArrayBuffer>;

/** Ticks per second of the one track of an init segment. */
export function timescaleOf(init: Bytes): number {
  const view = new DataView(init.buffer, init.byteOffset, init.byteLength);
  for (const { at, type } of boxes(view, 0, view.byteLength)) {
    if (type !== "mdhd") continue;
    // ISO/IEC 14496-12 8.4.2: version 1 has times of 64 bits.
    return view.getUint32(at + (view.getUint8(at + 8) === 1 ? 28 : 20));
  }
  throw new Error("expected an mdhd box, got none");
}

/** The same part, later: a copy with another base decode time in each of its fragments. */
export function shiftPart(bytes: Bytes, byTicks: number): Bytes {
  const shifted = bytes.slice();
  const view = new DataView(shifted.buffer);
  for (const { at, type } of boxes(view, 0, view.byteLength)) {
    if (type !== "tfdt") continue;
    if (view.getUint8(at + 8) === 1) view.setBigUint64(at + 12, view.getBigUint64(at + 12) + BigInt(byTicks));
    else view.setUint32(at + 12, view.getUint32(at + 12) + byTicks);
  }
  return shifted;
}

const CONTAINERS: ReadonlySet<string> = new Set(["moov", "trak", "mdia", "moof", "traf"]);

function* boxes(view: DataView, from: number, end: number): Generator<{ at: number; type: string }> {
  for (let at = from; at + 8 <= end; ) {
    const size = view.getUint32(at);
    const type = String.fromCharCode(...[4, 5, 6, 7].map((offset) => view.getUint8(at + offset)));
    yield { at, type };
    if (CONTAINERS.has(type)) yield* boxes(view, at + 8, at + size);
    if (size < 8) return;
    at += size;
  }
}
