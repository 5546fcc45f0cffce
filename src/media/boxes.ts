import { RelayError, type RelayErrorCode } from "../model/errors.ts";

/** Where one ISO-BMFF box lies in the bytes it was found in. */
export interface BoxSpan {
  readonly type: string;
  readonly start: number;
  /** First byte after the header. */
  readonly bodyStart: number;
  readonly end: number;
}

/** No init segment or part of a real encoder comes near this; it bounds the work on hostile bytes. */
const MAX_BOXES = 4096;

/** A window on bytes that names what it refuses. Every walk is bounded and every box lies inside its parent. */
export class BoxReader {
  readonly #view: DataView<ArrayBuffer>;
  readonly #code: RelayErrorCode;
  #boxesLeft = MAX_BOXES;

  /** `code` is thrown for anything that is not as it should be. */
  constructor(bytes: Uint8Array<ArrayBuffer>, code: RelayErrorCode) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#code = code;
  }

  get size(): number {
    return this.#view.byteLength;
  }

  /** @throws RelayError with the reader's code */
  fail(message: string, cause?: unknown): never {
    throw new RelayError(this.#code, message, cause === undefined ? undefined : { cause });
  }

  /** The box at `start`, wholly before `end`. ISO/IEC 14496-12 4.2.2; "to the end of the file" (size 0) is refused, since parts are concatenated. */
  boxAt(start: number, end: number): BoxSpan {
    if (--this.#boxesLeft < 0) this.fail(`expected at most ${MAX_BOXES} boxes`);
    if (end - start < 8) this.fail(`expected a box at byte ${start}, got ${end - start} trailing bytes`);
    const view = this.#view;
    const type = String.fromCharCode(
      view.getUint8(start + 4),
      view.getUint8(start + 5),
      view.getUint8(start + 6),
      view.getUint8(start + 7),
    );
    let size = view.getUint32(start);
    let headerSize = 8;
    if (size === 1) {
      if (end - start < 16) this.fail(`expected a 64-bit size at byte ${start + 8}, got the end`);
      headerSize = 16;
      size = view.getUint32(start + 8) * 2 ** 32 + view.getUint32(start + 12);
    }
    if (size < headerSize || size > end - start) {
      this.fail(
        `box ${printable(type)} at byte ${start}: expected ${headerSize} to ${end - start} bytes, it declares ${size}`,
      );
    }
    return { type, start, bodyStart: start + headerSize, end: start + size };
  }

  /** The boxes in `[start, end)`, which they fill exactly. */
  boxes(start: number, end: number): BoxSpan[] {
    const found: BoxSpan[] = [];
    for (let at = start; at < end; ) {
      const box = this.boxAt(at, end);
      found.push(box);
      at = box.end;
    }
    return found;
  }

  children(parent: BoxSpan): BoxSpan[] {
    return this.boxes(parent.bodyStart, parent.end);
  }

  /** The first child of `type`, or a refusal. */
  child(parent: BoxSpan, type: string): BoxSpan {
    return (
      this.children(parent).find((box) => box.type === type) ?? this.fail(`${parent.type}: expected a ${type} box`)
    );
  }

  /** Reads the body of a leaf box with a reader that may throw whatever it likes. */
  read<T>(box: BoxSpan, reader: (body: DataView<ArrayBuffer>) => T): T {
    try {
      return reader(this.body(box));
    } catch (thrown) {
      return this.fail(
        `box ${printable(box.type)} at byte ${box.start}: expected a whole one, got ${box.end - box.start} bytes`,
        thrown,
      );
    }
  }

  body(box: BoxSpan): DataView<ArrayBuffer> {
    const view = this.#view;
    return new DataView(view.buffer, view.byteOffset + box.bodyStart, box.end - box.bodyStart);
  }
}

/** A four-character code as an error message may carry it. */
export function printable(type: string): string {
  return /^[ -~]{4}$/.test(type)
    ? `"${type}"`
    : `0x${[...type].map((c) => c.charCodeAt(0).toString(16).padStart(2, "0")).join("")}`;
}
