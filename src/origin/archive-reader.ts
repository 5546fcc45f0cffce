import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { PartId } from "../model/ids.ts";
import type { SegmentInfo } from "../playlist/manifest-types.ts";
import type { Archive } from "./archive.ts";

/** A disk that has not answered by then is as good as none; players ask a 503 again. */
const READ_DEADLINE_MS = 5_000;

/** Reads what one rendition has in the archive. Every read has a deadline, and one that fails is a miss. */
export class ArchiveReader {
  readonly #archive: Archive;
  readonly #stream: string;
  readonly #rendition: string;
  readonly #clock: Clock;

  constructor({ archive, stream, rendition, clock }: ArchiveReaderContext) {
    this.#archive = archive;
    this.#stream = stream;
    this.#rendition = rendition;
    this.#clock = clock;
  }

  /** Whether what is listed is there. */
  get available(): boolean {
    return this.#archive.available;
  }

  /** Whether the media of a part is there. */
  isStored(id: PartId): boolean {
    return this.#archive.isStored(this.#stream, this.#rendition, id);
  }

  /** @throws RelayError `deadline` */
  part(id: PartId, signal?: AbortSignal): Promise<Bytes | undefined> {
    return this.#within(this.#archive.part(this.#stream, this.#rendition, id), signal);
  }

  /** @throws RelayError `deadline` */
  init(epoch: string, index: number, signal?: AbortSignal): Promise<Bytes | undefined> {
    return this.#within(this.#archive.init(this.#stream, this.#rendition, epoch, index), signal);
  }

  /**
   * The parts of a segment in order, gaps left out, where the ring has but some of them. Undefined where one is not here either.
   * @throws RelayError `deadline`
   */
  async complete(
    { msn, firstPartId, partCount, gapCount, closed }: SegmentInfo,
    inRing: readonly (Bytes | undefined)[],
    signal?: AbortSignal,
  ): Promise<readonly Bytes[] | undefined> {
    if (closed && inRing.every((bytes) => bytes === undefined))
      return this.#within(this.#archive.segment(this.#stream, this.#rendition, msn), signal);
    const all = await Promise.all(inRing.map((bytes, index) => bytes ?? this.part(firstPartId + index, signal)));
    const views = all.filter((bytes) => bytes !== undefined);
    return views.length === partCount - gapCount ? views : undefined;
  }

  #within<T>(read: Promise<T | undefined>, signal: AbortSignal | undefined): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const done = (found: T | undefined): void => {
        cancel();
        signal?.removeEventListener("abort", missed);
        resolve(found);
      };
      const missed = (): void => done(undefined);
      const cancel = this.#clock.after(READ_DEADLINE_MS, () => {
        signal?.removeEventListener("abort", missed);
        const of = `"${this.#stream}/${this.#rendition}"`;
        reject(new RelayError("deadline", `${of}: the archive has not answered within ${READ_DEADLINE_MS} ms`));
      });
      signal?.addEventListener("abort", missed);
      read.then(done, missed);
    });
  }
}

export interface ArchiveReaderContext {
  readonly archive: Archive;
  readonly stream: string;
  readonly rendition: string;
  readonly clock: Clock;
}
