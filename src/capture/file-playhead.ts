import type { SoundBlock } from "./audio-encoder.ts";
import { SOUND_AHEAD_MS } from "./feed.ts";
import type { BlockEncoder, Closable, SlotEncoder } from "./file-encode-lanes.ts";
import type { SoundLine } from "./sound-line.ts";

/** Pictures that are decoded ahead of their slot. */
const MAX_PICTURES = 12;
/** Sound that is, in the line's sample frames for each second of it. */
const MAX_SOUND_SHARE = 1;
/** A file that is behind by more goes on from now, and does not catch up. */
const MAX_BEHIND_MS = 500;

export interface FilePlayheadOptions {
  readonly frameRate: number;
  /** No picture is waited for. Default false. */
  readonly isSoundAlone?: boolean;
}

/**
 * Where a decoded file is on the timeline of a stream: its nth picture in the nth slot after the first that was shown, and its sound
 * beside that, however uneven they come. It waits while it is held.
 */
export class FilePlayhead<Picture extends Closable> implements SlotEncoder<Picture> {
  readonly #frameRate: number;
  readonly #isSoundAlone: boolean;
  readonly #pictures: { readonly slot: number; readonly picture: Picture }[] = [];
  readonly #sounds: { readonly startFrame: number; readonly block: SoundBlock }[] = [];
  readonly #waiting: (() => void)[] = [];
  /** The slot of the stream in which the file began, later by what it was held. */
  #base: number | undefined;
  #lastIndex = 0;
  #shown: Picture | undefined;
  #given = 0;
  #soundFrames = 0;
  #sampleRate = 0;
  #held = false;
  #finished = false;
  #closed = false;

  constructor({ frameRate, isSoundAlone = false }: FilePlayheadOptions) {
    this.#frameRate = frameRate;
    this.#isSoundAlone = isSoundAlone;
  }

  /** The picture belongs to this from now on. */
  encode(picture: Picture): void {
    const slot = this.#given++;
    if (this.#closed) picture.close();
    else this.#pictures.push({ slot, picture });
  }

  /** Takes sound at this rate. */
  sound(sampleRate: number): BlockEncoder {
    this.#sampleRate = sampleRate;
    return {
      encode: (block, startFrame) => {
        this.#sounds.push({ startFrame, block });
        this.#soundFrames += block[0]?.length ?? 0;
      },
    };
  }

  /** Nothing more comes. */
  finish(): void {
    this.#finished = true;
  }

  /** Whether all of it was shown and heard. */
  get isOver(): boolean {
    if (!this.#finished || this.#held || this.#pictures.length > 0) return false;
    return this.#given > 0 ? this.#position > this.#given - 1 : this.#sounds.length === 0;
  }

  /** Resolves when there is room for more. */
  ready(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  set held(held: boolean) {
    this.#held = held;
  }

  /** Whether a picture is there to begin with. */
  get hasPicture(): boolean {
    return this.#pictures.length > 0 || this.#shown !== undefined;
  }

  /** The picture of a slot of the stream, which stays open and belongs here. */
  at(index: number): Picture | undefined {
    if (this.#base === undefined) {
      // A decoder takes its time: the file begins when its first picture is there, and not in the middle.
      if (this.#pictures.length === 0 && !this.#isSoundAlone && !this.#finished) return undefined;
      this.#base = index;
      this.#lastIndex = index;
    }
    if (this.#held) this.#base += Math.max(0, index - this.#lastIndex);
    this.#lastIndex = index;
    let slot: number | undefined;
    for (let next = this.#pictures[0]; next !== undefined && next.slot <= this.#position; next = this.#pictures[0]) {
      this.#pictures.shift();
      this.#shown?.close();
      this.#shown = next.picture;
      slot = next.slot;
    }
    if (slot !== undefined) this.#catchUp(slot);
    this.#release();
    return this.#shown;
  }

  /** Gives the sound that is due. */
  give(line: SoundLine, elapsedMs: number): void {
    if (this.#base === undefined || this.#held) return;
    const baseFrame = line.framesAt((this.#base * 1000) / this.#frameRate);
    const due = line.framesAt(elapsedMs + SOUND_AHEAD_MS);
    for (let next = this.#sounds[0]; next !== undefined && baseFrame + next.startFrame <= due; next = this.#sounds[0]) {
      this.#sounds.shift();
      this.#soundFrames -= next.block[0]?.length ?? 0;
      line.put(next.block, baseFrame + next.startFrame);
    }
    this.#release();
  }

  close(): void {
    this.#closed = true;
    for (const { picture } of this.#pictures.splice(0)) picture.close();
    this.#shown?.close();
    this.#shown = undefined;
    this.#sounds.length = 0;
    this.#release();
  }

  /** Slots of the file that have passed. */
  get #position(): number {
    return this.#lastIndex - (this.#base ?? this.#lastIndex);
  }

  #catchUp(slot: number): void {
    const behind = this.#position - slot;
    if (this.#base !== undefined && (behind * 1000) / this.#frameRate > MAX_BEHIND_MS) this.#base += behind;
  }

  #hasRoom(): boolean {
    if (this.#closed) return true;
    return this.#pictures.length < MAX_PICTURES && this.#soundFrames <= this.#sampleRate * MAX_SOUND_SHARE;
  }

  #release(): void {
    if (this.#hasRoom()) for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
