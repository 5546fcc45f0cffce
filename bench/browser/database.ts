import { type IDBPDatabase, openDB } from "idb";

export const STORE = "media";

/** The database of the IndexedDB contestant: whoever comes first, page or worker, makes it. */
export function openMedia(): Promise<IDBPDatabase> {
  return openDB("bench", 1, { upgrade: (database) => void database.createObjectStore(STORE) });
}
