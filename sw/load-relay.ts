import { type Playlists, Recordings, RelayError } from "eddy-hls/core";
import { Disk, loaded } from "./disk.ts";
import type { Ingest } from "./ingest.ts";
import type { RelayStore } from "./relay-store.ts";

/** What of a relay goes on from a disk. */
export interface LoadedRelay {
  readonly playlists: Playlists;
  readonly ingest: Ingest;
}

/** Makes a relay over a disk: it goes on from what is there. */
export type MakeRelay<T extends LoadedRelay> = (disk: Disk, recordings: Recordings) => T;

/**
 * Reads what the disk has, and makes a relay of it: the stream that was written last is the last to give up its place.
 * @throws RelayError `deadline`, and as opening and reading fail
 */
export async function loadRelay<T extends LoadedRelay>(opening: Promise<RelayStore>, make: MakeRelay<T>): Promise<T> {
  try {
    return await loaded(opening.then((store) => goOn(store, make)));
  } catch (thrown) {
    // The relay goes on in memory: a disk that answers later would be held for nobody, with all that was read of it.
    opening.then(
      (store) => store.abandon(),
      () => undefined,
    );
    throw thrown;
  }
}

async function goOn<T extends LoadedRelay>(store: RelayStore, make: MakeRelay<T>): Promise<T> {
  const stored = await store.load();
  const recordings = new Recordings(store);
  const relay = make(new Disk(store), recordings);
  const { playlists, ingest } = relay;
  const inOrder = [...stored].sort((left, right) => (left.updatedAtMs ?? 0) - (right.updatedAtMs ?? 0));
  for (const { producer, ...stream } of inOrder) {
    try {
      playlists.restore(stream);
      if (producer?.epoch === stream.epoch) ingest.restore(stream.name, producer);
    } catch (thrown) {
      // A producer that comes back would write into it numbers that it has already; without one it stays as it is.
      if (RelayError.from(thrown).code !== "stream-limit" && !stream.ended) store.remove(stream.name);
    }
  }
  store.onKept = (stream, epoch, session, kept) => ingest.kept(stream, epoch, session, kept);
  store.onTrouble = (error) => playlists.archiveFailed(error);
  store.onRemoved = (stream) => playlists.remove(stream);
  // It may have to give up its place, and comes back from this.
  store.onEnded = (stream) => recordings.add(stream);
  store.onForget = (stream, rendition, beforeMsn) => playlists.forgetBefore(stream, rendition, beforeMsn);
  ingest.endAbandoned();
  return relay;
}
