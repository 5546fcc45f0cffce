import type { PartId } from "../model/ids.ts";

/** Epochs that are remembered: what lies further back has left every window, or nothing was published in it. */
const MAX_EPOCHS = 1024;

export interface Epoch {
  readonly name: string;
  readonly firstPartId: PartId;
  readonly firstInitIndex: number;
}

/** Which epoch each number of a rendition belongs to: a URI of another one must miss, not alias (rule 28). */
export class Epochs {
  #epochs: readonly Epoch[];

  /** At least one, in order. */
  constructor(epochs: readonly Epoch[]) {
    this.#epochs = epochs.slice(-MAX_EPOCHS);
  }

  /** From these numbers on another producer writes. */
  add(next: Epoch): void {
    this.#epochs = [...this.#epochs, next].slice(-MAX_EPOCHS);
  }

  /** The one that is written now. */
  get last(): string | undefined {
    return this.#epochs.at(-1)?.name;
  }

  /** Whether this part is, or would be, one of this epoch. */
  hasPart(epoch: string, id: PartId): boolean {
    return this.#epochs.findLast(({ firstPartId }) => firstPartId <= id)?.name === epoch;
  }

  hasInit(epoch: string, index: number): boolean {
    return this.#epochs.findLast(({ firstInitIndex }) => firstInitIndex <= index)?.name === epoch;
  }
}
