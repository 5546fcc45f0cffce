import type { Bytes } from "../model/bytes.ts";
import type {
  MoqBroadcast,
  MoqGroup,
  MoqGroupWriter,
  MoqObject,
  MoqOutlet,
  MoqSession,
  MoqTrack,
  MoqTrackWriter,
} from "./moq-session.ts";

/** A queue that is read as fast as it is filled, or waited for. */
class Queue<T> {
  readonly #items: T[] = [];
  #end: { readonly error?: Error } | undefined;
  #wake: () => void = () => undefined;

  push(item: T): void {
    this.#items.push(item);
    this.#wake();
  }

  close(error?: Error): void {
    this.#end ??= error === undefined ? {} : { error };
    this.#wake();
  }

  async next(): Promise<T | undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) return item;
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** A group in the hands of a test: what arrives of it, and how it ends. */
export class TestGroup implements MoqGroup {
  readonly sequence: number;
  readonly #objects = new Queue<MoqObject>();
  #count = 0;

  constructor(sequence: number) {
    this.sequence = sequence;
  }

  send(bytes: Bytes): void {
    this.#objects.push({ index: this.#count++, bytes });
  }

  end(): void {
    this.#objects.close();
  }

  reset(): void {
    this.#objects.close(new Error("the stream was reset"));
  }

  next(): Promise<MoqObject | undefined> {
    return this.#objects.next();
  }

  /** As `@moq/net` does it: whoever reads it sees a clean end. */
  close(): void {
    this.#objects.close();
  }
}

/** Tracks in memory, as a relay without a limit would have them. */
export class TestOutlet implements MoqOutlet {
  readonly tracks = new Map<string, TestTrack>();

  openTrack(name: string): MoqTrackWriter {
    return this.track(name);
  }

  track(name: string): TestTrack {
    const track = this.tracks.get(name) ?? new TestTrack();
    this.tracks.set(name, track);
    return track;
  }

  close(): void {
    for (const track of this.tracks.values()) track.close();
  }
}

interface Kept {
  readonly sequence: number;
  readonly objects: Bytes[];
  isOver: boolean;
  readonly readers: TestGroup[];
}

export class TestTrack implements MoqTrackWriter {
  readonly groups: Kept[] = [];
  readonly #readers = new Set<Queue<MoqGroup>>();

  get subscribers(): number {
    return this.#readers.size;
  }

  openGroup(sequence: number): MoqGroupWriter {
    const kept: Kept = { sequence, objects: [], isOver: false, readers: [] };
    this.groups.push(kept);
    for (const reader of this.#readers) reader.push(this.#readerOf(kept));
    return {
      write: (bytes) => {
        kept.objects.push(bytes);
        for (const reader of kept.readers) reader.send(bytes);
      },
      close: () => {
        kept.isOver = true;
        for (const reader of kept.readers) reader.end();
      },
    };
  }

  /** From the newest group, or from one that is kept. */
  subscribe(from: number | undefined): MoqTrack {
    const queue = new Queue<MoqGroup>();
    const first = from ?? this.groups.at(-1)?.sequence ?? 0;
    for (const kept of this.groups) if (kept.sequence >= first) queue.push(this.#readerOf(kept));
    this.#readers.add(queue);
    return {
      next: () => queue.next(),
      close: () => {
        this.#readers.delete(queue);
        queue.close();
      },
    };
  }

  async fetch(sequence: number): Promise<MoqGroup> {
    const kept = this.groups.find((group) => group.sequence === sequence);
    if (kept === undefined) throw new Error(`no group ${sequence}`);
    return this.#readerOf(kept);
  }

  /** The relay ends each group that is on its way, and every subscription. */
  drop(): void {
    for (const { readers } of this.groups) for (const reader of readers.splice(0)) reader.reset();
    for (const reader of this.#readers) reader.close(new Error("the session has ended"));
    this.#readers.clear();
  }

  close(): void {
    for (const reader of this.#readers) reader.close();
  }

  #readerOf(kept: Kept): TestGroup {
    const group = new TestGroup(kept.sequence);
    for (const bytes of kept.objects) group.send(bytes);
    if (kept.isOver) group.end();
    else kept.readers.push(group);
    return group;
  }
}

/** A session with a relay that has what its test gave it. */
export class TestSession implements MoqSession {
  readonly relay = "https://relay.example";
  readonly version = "moq-lite-05";
  readonly transport = "websocket";
  readonly canFetch: boolean;
  readonly closed: Promise<void>;
  isClosed = false;
  #end: () => void = () => undefined;
  readonly #outlets: Map<string, TestOutlet>;

  constructor(outlets: Map<string, TestOutlet>, { canFetch = false }: { readonly canFetch?: boolean } = {}) {
    this.canFetch = canFetch;
    this.#outlets = outlets;
    this.closed = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async watch(name: string): Promise<MoqBroadcast> {
    const outlet = this.#outlets.get(name);
    if (outlet === undefined) throw new Error(`nobody publishes "${name}"`);
    return {
      subscribe: (track, { from }) => outlet.track(track).subscribe(from),
      fetch: (track, group) => outlet.track(track).fetch(group),
      closed: this.closed,
      close: () => undefined,
    };
  }

  publish(name: string, outlet: MoqOutlet): void {
    this.#outlets.set(name, outlet as TestOutlet);
  }

  close(): void {
    this.isClosed = true;
    this.#end();
  }
}

/** Lets all that waits for nothing but its turn go on. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
