import type { SyntheticMedia } from "../../../src/testing/media/synthetic-media.ts";

export interface Expected {
  readonly id: string;
  readonly media: SyntheticMedia;
  readonly partTargetMs: number;
}

export interface Numbers {
  readonly numbers: number[];
  /** What is wrong with it, if anything is. */
  readonly problem?: string;
}

const SEQUENCE_AT = 20;

/** Numbers of the parts that media is made of, each held against what its number says that it is. */
export function numbersIn(pieces: readonly Uint8Array[], expected: Expected): Numbers {
  const numbers: number[] = [];
  for (const piece of pieces) {
    const { problem } = expected.id === "s0" ? readText(piece, expected, numbers) : readBoxes(piece, expected, numbers);
    if (problem !== undefined) return { numbers, problem };
  }
  return { numbers };
}

type Outcome = { readonly problem?: string };

/** A moof and an mdat for each part; the moof's sequence number is that of the part, from 1. */
function readBoxes(piece: Uint8Array, { id, media, partTargetMs }: Expected, numbers: number[]): Outcome {
  const view = new DataView(piece.buffer, piece.byteOffset, piece.byteLength);
  for (let at = 0; at < piece.byteLength; ) {
    if (at + SEQUENCE_AT + 4 > piece.byteLength)
      return { problem: `${piece.byteLength - at} bytes stand behind the last part` };
    const n = view.getUint32(at + SEQUENCE_AT) - 1;
    if (n < 0) return { problem: `byte ${at} begins no part` };
    const { bytes } = media.part(id, n, partTargetMs);
    if (!startsWith(piece, at, bytes)) return { problem: `from byte ${at} on it is not part ${n}` };
    numbers.push(n);
    at += bytes.byteLength;
  }
  return {};
}

/** Subtitles of whole seconds, one cue a part: its second is its number. */
function readText(piece: Uint8Array, { id, media, partTargetMs }: Expected, numbers: number[]): Outcome {
  const text = new TextDecoder().decode(piece);
  for (const [, hours, minutes, seconds] of text.matchAll(/^(\d+):(\d\d):(\d\d)\.000 -->/gm)) {
    const n = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
    const [, cue = ""] = new TextDecoder().decode(media.part(id, n, partTargetMs).bytes).split("\n\n");
    if (!text.includes(cue.trim())) return { problem: `the cue of second ${n} is another` };
    numbers.push(n);
  }
  return numbers.length > 0 ? {} : { problem: "it has no cue" };
}

function startsWith(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  if (at + wanted.byteLength > bytes.byteLength) return false;
  for (let index = 0; index < wanted.byteLength; index++) if (bytes[at + index] !== wanted[index]) return false;
  return true;
}
