import type { EncodedPacketSink, EncodedPacket as FilePacket } from "mediabunny";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";

/** One packet as it stands in the file. */
export interface ReadPacket {
  readonly bytes: Bytes;
  readonly timestampUs: number;
  readonly durationUs: number;
  readonly key: boolean;
}

/** Packets of one track in decode order, over and over. */
export interface PacketStream {
  /** `undefined` at the end of the file. @throws RelayError `source-lost` */
  next(): Promise<ReadPacket | undefined>;
  /** Goes back to the first packet. */
  restart(): void;
  close(): void;
}

export interface PacketReaderOptions {
  readonly sink: Pick<EncodedPacketSink, "getFirstKeyPacket" | "getKeyPacket" | "getNextPacket">;
  /** Begins at the key frame at or before this; at the first one where absent. */
  readonly fromUs?: number;
  /** Whether the file itself can still be read: tells a lost file from a damaged one. */
  readonly readable: () => Promise<boolean>;
  /** The file is damaged here, and reading went on after it. */
  readonly onDamage: (atUs: number) => void;
}

/** Read ahead at most: some seconds of an ordinary film, and of a very large one enough for a slow disk. */
const MAX_PACKETS = 96;
const MAX_BYTES = 4 * 1024 * 1024;
/** Where reading is tried again behind a damaged place. */
const SKIPS_S = [0.25, 0.5, 1, 2, 4, 8, 16, 32];
const MAX_DAMAGED_PLACES = 16;

export function sourceLost(cause: unknown): RelayError {
  return new RelayError(
    "source-lost",
    "The file can no longer be read: it was moved, deleted or changed, or its disk is gone.",
    { cause },
  );
}

/** Reads packets ahead of their use, in the background and within bounds. */
export class PacketReader implements PacketStream {
  readonly #options: PacketReaderOptions;
  readonly #queue: ReadPacket[] = [];
  #queuedBytes = 0;
  #ended = false;
  #failure: RelayError | undefined;
  #damagedPlaces = 0;
  /** Grows with every restart, so that a read of the round before knows it is stale. */
  #run = 0;
  #wakeReader: (() => void) | undefined;
  #wakeUser: (() => void) | undefined;

  constructor(options: PacketReaderOptions) {
    this.#options = options;
    this.restart();
  }

  async next(): Promise<ReadPacket | undefined> {
    for (;;) {
      const packet = this.#queue.shift();
      if (packet !== undefined) {
        this.#queuedBytes -= packet.bytes.length;
        this.#wakeReader?.();
        return packet;
      }
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#wakeUser = resolve;
      });
    }
  }

  restart(): void {
    this.#stop();
    this.#ended = false;
    void this.#read(this.#run);
  }

  close(): void {
    this.#stop();
    this.#ended = true;
    this.#wakeUser?.();
  }

  #stop(): void {
    this.#run++;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#wakeReader?.();
  }

  async #read(run: number): Promise<void> {
    const { sink, fromUs } = this.#options;
    try {
      let packet = await (fromUs === undefined ? sink.getFirstKeyPacket() : sink.getKeyPacket(fromUs / 1e6));
      while (packet !== null && run === this.#run) {
        this.#put(packet);
        if (this.#queue.length >= MAX_PACKETS || this.#queuedBytes >= MAX_BYTES) await this.#room();
        if (run !== this.#run) return;
        packet = await this.#after(packet);
      }
    } catch (thrown) {
      if (run === this.#run) {
        // A place that cannot be passed ends the file there; what was read of it stays good.
        if (!(await this.#options.readable())) this.#failure = sourceLost(thrown);
      }
    }
    if (run !== this.#run) return;
    this.#ended = true;
    this.#wakeUser?.();
  }

  #put(packet: FilePacket): void {
    // A copy: the reader's own chunk of the file is let go, and the receiver owns what it gets.
    const bytes = new Uint8Array(packet.data);
    this.#queue.push({
      bytes,
      timestampUs: Math.round(packet.timestamp * 1e6),
      durationUs: Math.round(packet.duration * 1e6),
      key: packet.type === "key",
    });
    this.#queuedBytes += bytes.length;
    this.#wakeUser?.();
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wakeReader = resolve;
    });
    this.#wakeReader = undefined;
  }

  async #after(packet: FilePacket): Promise<FilePacket | null> {
    try {
      return await this.#options.sink.getNextPacket(packet);
    } catch (thrown) {
      if (!(await this.#options.readable()) || this.#damagedPlaces >= MAX_DAMAGED_PLACES) throw thrown;
      this.#damagedPlaces++;
      this.#options.onDamage(Math.round(packet.timestamp * 1e6));
      return this.#behindDamage(packet, thrown);
    }
  }

  async #behindDamage(packet: FilePacket, damage: unknown): Promise<FilePacket | null> {
    for (const skipS of SKIPS_S) {
      try {
        const next = await this.#options.sink.getKeyPacket(packet.timestamp + skipS);
        if (next !== null && next.timestamp > packet.timestamp) return next;
      } catch {
        // As damaged here: further on, then.
      }
    }
    throw damage;
  }
}
