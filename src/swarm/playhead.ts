import type { PartAssembly } from "./part-assembly.ts";
import type { SwarmContext } from "./swarm-context.ts";

/** Until the player has said how far it can go on, a part is due so long after it became known. */
const UNTOLD_MS = 1500;
const PLAYING_MS = 500;

/** What one rendition's player has. */
interface Track {
  /** When it has nothing to play any more. */
  endMs: number;
  /** Whole, and behind one that is not; in order. */
  readonly ahead: PartAssembly[];
  /** As deadlines are set: that of the next part, and how many of those ahead come before it. */
  dueMs: number;
  passed: number;
}

/** When each part must be there: the player's buffer, and the parts before it that are still to come. */
export class Playhead {
  readonly #context: SwarmContext;
  readonly #tracks = new Map<number, Track>();
  #endMs: number | undefined;
  #isPlaying = false;

  constructor(context: SwarmContext) {
    this.#context = context;
  }

  /** Whether the player has had something to play for a while: before that nothing is late. */
  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  setBuffer(aheadMs: number): void {
    if (aheadMs >= PLAYING_MS) this.#isPlaying = true;
    this.#endMs = this.#context.clock.now() + aheadMs;
    for (const track of this.#tracks.values()) track.endMs = this.#endMs;
    this.refresh();
  }

  /** The parts that are ahead are none of those that come now. */
  restart(): void {
    for (const { ahead } of this.#tracks.values()) ahead.length = 0;
  }

  /** A part is whole, or given up: what plays on through it is in the buffer from now on. */
  settled(part: PartAssembly): void {
    if (this.#endMs === undefined || !part.isWanted) return;
    const track = this.#track(part.key.rendition);
    let place = track.ahead.length;
    while (place > 0 && track.ahead[place - 1]!.id > part.id) place -= 1;
    track.ahead.splice(place, 0, part);
    const next = this.#firstOpen(part.key.rendition);
    for (let at = track.ahead.length - 1; at >= 0; at -= 1) {
      const settled = track.ahead[at]!;
      if (next !== undefined && settled.id > next.id) continue;
      track.endMs += this.#durationMs(settled);
      track.ahead.splice(at, 1);
    }
  }

  /** Sets the deadlines of all parts that are on their way. */
  refresh(): void {
    const { open } = this.#context.parts;
    if (this.#endMs === undefined) {
      for (const part of open) if (part.isWanted) part.deadlineMs = part.knownMs + UNTOLD_MS;
      return;
    }
    for (const track of this.#tracks.values()) {
      track.dueMs = track.endMs;
      track.passed = 0;
    }
    for (const part of open) {
      if (!part.isWanted) continue;
      const track = this.#track(part.key.rendition);
      const { ahead } = track;
      for (; track.passed < ahead.length && ahead[track.passed]!.id < part.id; track.passed += 1) {
        track.dueMs += this.#durationMs(ahead[track.passed]!);
      }
      part.deadlineMs = track.dueMs;
      track.dueMs += this.#durationMs(part);
    }
  }

  #track(rendition: number): Track {
    let track = this.#tracks.get(rendition);
    if (track === undefined) {
      const endMs = this.#endMs ?? this.#context.clock.now();
      track = { endMs, ahead: [], dueMs: endMs, passed: 0 };
      this.#tracks.set(rendition, track);
    }
    return track;
  }

  #firstOpen(rendition: number): PartAssembly | undefined {
    return this.#context.parts.open.find((part) => part.isWanted && part.key.rendition === rendition);
  }

  #durationMs(part: PartAssembly): number {
    return part.signed?.header.durationMs ?? this.#context.rate.partMs;
  }
}
