import type { Bytes } from "../../../src/model/bytes.ts";
import { RelayError } from "../../../src/model/errors.ts";
import { BundleReader } from "../../../src/wire/bundle.ts";
import { decodeCard, encodeCard, joinCard } from "../../../src/wire/card-codec.ts";
import { FrameReader } from "../../../src/wire/frame-reader.ts";
import { decodeSignedHeader, encodeSignedHeader } from "../../../src/wire/part-header-codec.ts";
import type { PeerFrame } from "../../../src/wire/peer-frame.ts";
import { decodeFrame, encodeFrame, frameSize } from "../../../src/wire/peer-frame-codec.ts";
import { framed, type Random } from "../mutate.ts";
import { expectSame, expectViews, type Target } from "../target.ts";

function shapeOf(frame: PeerFrame): string {
  if (frame.kind === "header") return `header of ${Math.min(frame.signed.pieces.length, 4)} pieces`;
  if (frame.kind === "have") return `have of ${Math.min(frame.ranges.length, 4)} ranges`;
  if (frame.kind === "roots") return `roots of ${Math.min(frame.entries.length, 4)}`;
  return frame.kind === "bye" ? `bye ${frame.reason}` : frame.kind;
}

function runFrame(bytes: Bytes): string {
  const frame = decodeFrame(bytes);
  expectViews(frame, bytes);
  // Of a later version, the end is not kept.
  if (bytes[0] !== 1) return `${frame.kind} of a later version`;
  if (frameSize(frame) !== bytes.byteLength)
    throw new Error(`size: ${frameSize(frame)} foretold, ${bytes.byteLength} read`);
  expectSame(frame.kind, encodeFrame(frame), bytes);
  return shapeOf(frame);
}

const MALFORMED = "malformed";
const MALFORMED_FRAME = ["malformed-frame"] as const;

/** The frames of a stream are the same, wherever it is cut. */
function runStream(bytes: Bytes, random: Random): string {
  const whole = outcomeOf(bytes, [bytes.byteLength]);
  const sizes = Array.from({ length: 8 }, () => 1 + random(bytes.byteLength + 1));
  const cut = outcomeOf(bytes, [...sizes, bytes.byteLength]);
  if (whole !== cut) throw new Error(`a stream cut at ${sizes}: ${cut}, and in one piece: ${whole}`);
  if (whole === MALFORMED) throw new RelayError("malformed-frame", "stream: expected frames, got others");
  return whole.replace(/.* /, "");
}

function outcomeOf(bytes: Bytes, sizes: readonly number[]): string {
  const reader = new FrameReader();
  const kinds: string[] = [];
  let at = 0;
  try {
    for (const size of sizes) {
      const chunk = bytes.slice(at, at + size);
      at += chunk.byteLength;
      for (const frame of reader.push(chunk)) kinds.push(frame.kind);
    }
    return `${kinds.join(" ")} ${reader.pendingBytes > 0 ? "cut" : "whole"},${Math.min(kinds.length, 9)},${kinds.at(-1)}`;
  } catch (error) {
    // Frames before a bad one are lost with their chunk, which only the cut decides.
    if (error instanceof RelayError && error.code === "malformed-frame") return MALFORMED;
    throw error;
  }
}

/** A part is a header and its pieces; whatever the frames are, no more is held than a part may have. */
function runBundle(bytes: Bytes, random: Random): string {
  const reader = new BundleReader();
  const at = random(bytes.byteLength + 1);
  reader.push(bytes.slice(0, at));
  reader.push(bytes.slice(at));
  const bundle = reader.end();
  return bundle.kind === "part" ? `part of ${Math.min(bundle.signed.pieces.length, 4)} pieces` : bundle.kind;
}

/** What peers and servers send, and what is signed. `corpus` is the text of `src/wire/corpus.txt`. */
export function wireTargets(corpus: string): readonly Target[] {
  const seeds = (of: string): readonly Bytes[] =>
    corpus
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([decoder, , hex]) => decoder === of && hex !== "-")
      .map(([, , hex = ""]) => new Uint8Array(Buffer.from(hex, "hex")));
  const [frames, headers, cards] = ["frame", "header", "card"].map(seeds) as [Bytes[], Bytes[], Bytes[]];
  const stream = (bytes: Bytes, random: Random, other: Bytes): Bytes =>
    new Uint8Array(Buffer.concat([other, framed(bytes), random(2) === 0 ? other : new Uint8Array(0)]));
  return [
    {
      name: "decodeFrame",
      seeds: frames,
      refuses: MALFORMED_FRAME,
      prepare: (bytes, random) => (random(4) > 0 ? framed(bytes) : bytes),
      run: runFrame,
    },
    {
      name: "decodeSignedHeader",
      seeds: headers,
      refuses: MALFORMED_FRAME,
      run(bytes) {
        const signed = decodeSignedHeader(bytes);
        expectViews(signed, bytes);
        expectSame("header", encodeSignedHeader(signed), bytes);
        return `${signed.pieces.length} pieces, ${signed.signature.byteLength} bytes of signature`;
      },
    },
    {
      name: "decodeCard",
      seeds: cards,
      refuses: MALFORMED_FRAME,
      run(bytes) {
        const { card, signature } = decodeCard(bytes);
        // JSON may be written in many ways: what counts is that it is then read as the same.
        const again = decodeCard(joinCard(encodeCard(card), signature)).card;
        if (JSON.stringify(again) !== JSON.stringify(card)) throw new Error("card: read otherwise than it was written");
        return `${card.options.renditions.length} renditions, ended ${card.ended?.length}`;
      },
    },
    {
      name: "FrameReader",
      seeds: frames,
      refuses: MALFORMED_FRAME,
      prepare: stream,
      run: runStream,
    },
    { name: "BundleReader", seeds: frames, refuses: MALFORMED_FRAME, prepare: stream, run: runBundle },
  ];
}
