import type { Archive, RelayError, RestoredStream } from "eddy-hls/core";
import type { ProducerStore, StoredProducer } from "./ingest.ts";

/** A stream as it is found on disk, with the producer that was live in it. */
export interface StoredStream extends RestoredStream {
  readonly producer?: StoredProducer;
}

/** What keeps the streams of a relay on disk. */
export interface RelayStore extends Archive, Omit<ProducerStore, "settle"> {
  /** Every stream, without its media. */
  load(): Promise<readonly StoredStream[]>;
  /** These steps are on disk: all below the number given for each rendition. */
  onKept: ((stream: string, epoch: string, session: number, kept: ReadonlyMap<string, number>) => void) | undefined;
  /** What a rendition has before this segment is about to be deleted. */
  onForget: ((stream: string, rendition: string, beforeMsn: number) => void) | undefined;
  /** Want of room took all that was left of a stream that had ended. */
  onRemoved: ((stream: string) => void) | undefined;
  /** A stream has ended and is on disk whole: what `load()` would give of it. */
  onEnded: ((stream: RestoredStream) => void) | undefined;
  /** What is pinned goes by itself neither for its age nor for room. Resolves once that is on disk; false for a stream that is not there. */
  pin(stream: string, on: boolean): Promise<boolean>;
  /** Gives a stream a title, or none. Resolves once that is on disk; false for a stream that is not there. */
  rename(stream: string, title: string | undefined): Promise<boolean>;
  /** Lets go of the disk at once, as the end of the worker does: what waits is not written, and nobody is told of anything more. */
  abandon(): void;
  /**
   * What each stream keeps from now on, in ms; loaded again with the streams. Resolves once that is on disk.
   * @throws RelayError `store-full`, `store-unavailable`
   */
  setWindow(windowMs: number): Promise<void>;
  /** The disk takes what it is given. */
  readonly available: boolean;
  /** Another worker goes on with all of it: what comes here from now on is lost. */
  readonly superseded: boolean;
  onTrouble: ((error: RelayError) => void) | undefined;
}
