import type { Bytes } from "../model/bytes.ts";
import { type Digest, PIECE_SIZE_BYTES, partNumber, type SignedHeader } from "../model/part-header.ts";
import { malformed } from "./byte-reader.ts";
import { FrameReader } from "./frame-reader.ts";
import { pieceCount, pieceSize } from "./part-header-codec.ts";
import type { PeerFrame } from "./peer-frame.ts";
import { encodeFrame } from "./peer-frame-codec.ts";

/** What one stream of bytes carries: a part with its header, or what must be known to play it. */
export type Bundle =
  | { readonly kind: "card"; readonly bytes: Bytes }
  | { readonly kind: "init"; readonly digest: Digest; readonly bytes: Bytes }
  | { readonly kind: "part"; readonly signed: SignedHeader; readonly bytes: Bytes };

/** Its frames, in order. @throws RelayError `malformed-frame` where something is beyond what frames take */
export function encodeBundle(bundle: Bundle): Bytes[] {
  if (bundle.kind !== "part") return [encodeFrame(bundle)];
  const { signed, bytes } = bundle;
  const { header } = signed;
  if (bytes.byteLength !== header.sizeBytes) throw malformed("part", `${header.sizeBytes} bytes`, bytes.byteLength);
  const key = { rendition: header.rendition, msn: header.msn, part: header.part };
  const frames = [encodeFrame({ kind: "header", hops: 0, signed })];
  for (let index = 0; index < pieceCount(header.sizeBytes); index += 1) {
    const at = index * PIECE_SIZE_BYTES;
    frames.push(encodeFrame({ kind: "piece", key, index, bytes: bytes.subarray(at, at + PIECE_SIZE_BYTES) }));
  }
  return frames;
}

/** Reads one bundle as it comes. Holds what has come, and never more than a part may have; nothing of it is proven yet. */
export class BundleReader {
  readonly #frames = new FrameReader();
  #whole: Bundle | undefined;
  #signed: SignedHeader | undefined;
  readonly #pieces: Bytes[] = [];

  /** `chunk` belongs to the reader from now on. @throws RelayError `malformed-frame`: the rest of the stream is of no use */
  push(chunk: Bytes): void {
    for (const frame of this.#frames.push(chunk)) this.#take(frame);
  }

  /** The stream has ended. @throws RelayError `malformed-frame` where it was cut off */
  end(): Bundle {
    if (this.#frames.pendingBytes > 0) throw malformed("bundle", "whole frames", "a stream that was cut off");
    if (this.#whole !== undefined) return this.#whole;
    const signed = this.#signed;
    if (signed === undefined) throw malformed("bundle", "card, init or header", "nothing");
    const expected = pieceCount(signed.header.sizeBytes);
    if (this.#pieces.length !== expected) throw malformed("bundle", `${expected} pieces`, this.#pieces.length);
    return { kind: "part", signed, bytes: joined(this.#pieces, signed.header.sizeBytes) };
  }

  #take(frame: PeerFrame): void {
    if (this.#whole !== undefined) throw malformed("bundle", `nothing after ${this.#whole.kind}`, frame.kind);
    if (this.#signed !== undefined) {
      this.#takePiece(this.#signed, frame);
      return;
    }
    switch (frame.kind) {
      case "card":
      case "init":
        this.#whole = frame;
        return;
      case "header":
        this.#signed = frame.signed;
        return;
      default:
        throw malformed("bundle", "card, init or header", frame.kind);
    }
  }

  /** All of them, each once, in order: one part has one encoding. */
  #takePiece({ header }: SignedHeader, frame: PeerFrame): void {
    const next = this.#pieces.length;
    if (frame.kind !== "piece") throw malformed("bundle", `piece ${next}`, frame.kind);
    const isOf = frame.key.rendition === header.rendition && partNumber(frame.key) === partNumber(header);
    if (!isOf || frame.index !== next || next >= pieceCount(header.sizeBytes)) {
      throw malformed(
        "bundle",
        `piece ${next} of ${pieceCount(header.sizeBytes)} of its header`,
        `piece ${frame.index}`,
      );
    }
    const expected = pieceSize(header.sizeBytes, next);
    if (frame.bytes.byteLength !== expected) throw malformed("piece", `${expected} bytes`, frame.bytes.byteLength);
    this.#pieces.push(frame.bytes);
  }
}

function joined(pieces: readonly Bytes[], sizeBytes: number): Bytes {
  const bytes = new Uint8Array(sizeBytes);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
