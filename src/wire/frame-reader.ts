import type { Bytes } from "../model/bytes.ts";
import { FRAME_HEAD_BYTES } from "./frame-limits.ts";
import type { PeerFrame } from "./peer-frame.ts";
import { decodeFrame, frameLength } from "./peer-frame-codec.ts";

/**
 * Finds frames in a stream of bytes, in which they stand one after another. Holds at most one frame that is not whole. After a throw it
 * has lost its place: the stream is over.
 */
export class FrameReader {
  /** The beginning of a frame that is not whole yet, as it came. */
  #begun: Bytes = new Uint8Array(0);

  /**
   * The frames that are whole now. They are views of `chunk`, which belongs to them from now on.
   * @throws RelayError `malformed-frame`
   */
  push(chunk: Bytes): PeerFrame[] {
    const bytes = this.#begun.byteLength === 0 ? chunk : joined(this.#begun, chunk);
    const frames: PeerFrame[] = [];
    let at = 0;
    while (bytes.byteLength - at >= FRAME_HEAD_BYTES) {
      const end = at + frameLength(bytes.subarray(at));
      if (end > bytes.byteLength) break;
      frames.push(decodeFrame(bytes.subarray(at, end)));
      at = end;
    }
    // A copy: a view would keep the whole chunk for the sake of its last bytes.
    this.#begun = bytes.slice(at);
    return frames;
  }

  /** Bytes of a frame that has begun and not ended: a stream that ends with any was cut off. */
  get pendingBytes(): number {
    return this.#begun.byteLength;
  }
}

function joined(first: Bytes, second: Bytes): Bytes {
  const bytes = new Uint8Array(first.byteLength + second.byteLength);
  bytes.set(first);
  bytes.set(second, first.byteLength);
  return bytes;
}
