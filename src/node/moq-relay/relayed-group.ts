import type { Group } from "@moq/net";
import { Bell } from "./bell.ts";

/** One group of a track, as it came so far. All who read it read the same frames. */
export class RelayedGroup {
  readonly sequence: number;
  readonly #frames: Group.Frame[] = [];
  readonly #changed = new Bell();
  #sizeBytes = 0;
  /** Null after a clean end. */
  #end: Error | null | undefined;

  constructor(sequence: number) {
    this.sequence = sequence;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get frameCount(): number {
    return this.#frames.length;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  /** It ended before it was whole, or makes room for newer ones: nothing more can be read from it. */
  get failed(): boolean {
    return this.#end instanceof Error;
  }

  append(frame: Group.Frame): void {
    if (this.#end !== undefined) return;
    this.#frames.push(frame);
    this.#sizeBytes += frame.payload.byteLength;
    this.#changed.ring();
  }

  end(): void {
    this.#end ??= null;
    this.#changed.ring();
  }

  /** Lets go of the bytes; whoever is still reading has lost the rest. */
  drop(reason: Error): void {
    this.#end = reason;
    this.#frames.length = 0;
    this.#sizeBytes = 0;
    this.#changed.ring();
  }

  /**
   * The frame at `index`, waited for; undefined after the last.
   * @throws what `drop()` was given
   */
  async frame(index: number): Promise<Group.Frame | undefined> {
    for (;;) {
      if (this.#end instanceof Error) throw this.#end;
      const frame = this.#frames[index];
      if (frame !== undefined || this.#end === null) return frame;
      await this.#changed.wait();
    }
  }

  /** What the publishing side of `@moq/net` reads one group from. */
  read(): Group.Consumer {
    // Its own consumer cannot be made over other frames than its own: this is what it uses of one, held by a test for each version.
    return new GroupReader(this) as unknown as Group.Consumer;
  }
}

/** A place in a group: it holds no bytes, so a reader that stalls costs nothing. */
class GroupReader {
  readonly sequence: number;
  readonly #group: RelayedGroup;
  #next = 0;

  constructor(group: RelayedGroup) {
    this.#group = group;
    this.sequence = group.sequence;
  }

  get frameCount(): number {
    return this.#group.frameCount;
  }

  async readFrame(): Promise<Group.Frame | undefined> {
    const frame = await this.#group.frame(this.#next);
    this.#next += 1;
    return frame;
  }

  async readFrameSequence({ from = 0 }: { from?: number } = {}) {
    this.#next = Math.max(this.#next, from);
    const sequence = this.#next;
    const frame = await this.readFrame();
    return frame && { ...frame, sequence };
  }

  close(): void {
    // Nothing is held.
  }
}
