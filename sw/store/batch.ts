import { type Bytes, RelayError } from "eddy-hls/core";
import type { Faults } from "./faults.ts";
import { MAX_PIECE_BYTES, STORE_NAMES, type StoreDatabase } from "./schema.ts";
import type { StreamChanges } from "./stream-entry.ts";

/**
 * Writes a batch in one transaction, or nothing of it. All of it is handed over before the first await, so it is what the
 * index says at this moment, whole steps only.
 */
export async function writeBatch(
  database: StoreDatabase,
  batch: readonly StreamChanges[],
  faults: Faults | undefined,
): Promise<void> {
  const transaction = database.transaction(STORE_NAMES, "readwrite", { durability: "relaxed" });
  const requests: Promise<unknown>[] = [];
  try {
    for (const { head, renditions } of batch) {
      for (const { index, changes } of renditions) {
        const media = transaction.objectStore("media");
        for (const [id, bytes] of changes.media) {
          let piece = 0;
          for (const part of piecesOf(bytes)) {
            requests.push(media.put(part, [index.stream, index.number, id, piece]));
            piece += 1;
          }
        }
        for (const row of changes.inits) {
          requests.push(transaction.objectStore("inits").put({ ...row, bytes: alone(row.bytes) }));
        }
        for (const id of changes.goneRanges) {
          requests.push(transaction.objectStore("ranges").delete([index.stream, index.number, id]));
        }
        for (const row of changes.ranges) requests.push(transaction.objectStore("ranges").put(row));
        for (const row of changes.rows) requests.push(transaction.objectStore("segments").put(row));
      }
      faults?.("batch-half");
      requests.push(transaction.objectStore("streams").put(head));
    }
  } catch (thrown) {
    transaction.abort();
    await Promise.allSettled([...requests, transaction.done]);
    throw thrown;
  }
  // The transaction's own error says why it was aborted; those of its requests may only say that it was.
  const [done] = await Promise.allSettled([transaction.done, ...requests]);
  if (done?.status === "rejected") throw done.reason ?? new RelayError("internal", "a batch was aborted");
}

function* piecesOf(bytes: Bytes): Generator<Bytes> {
  const { byteLength } = bytes;
  if (byteLength <= MAX_PIECE_BYTES) {
    yield alone(bytes);
    return;
  }
  for (let from = 0; from < byteLength; from += MAX_PIECE_BYTES) yield bytes.slice(from, from + MAX_PIECE_BYTES);
}

/** The database would clone all of a view's buffer. */
function alone(bytes: Bytes): Bytes {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
}
