import type { Page } from "@playwright/test";

/** What is wrong with a store, by the rules that its records keep between them. */
export interface StoreFaults {
  /** Parts that a segment's record lists and whose media is not there, or not whole. */
  readonly missing: readonly string[];
  /** Media and records that belong to no stream, or to no segment of one. */
  readonly strays: readonly string[];
}

/** Reads the store past the worker, from a page of its origin. */
export function storeFaults(page: Page): Promise<StoreFaults> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open("eddy"));
    try {
      const transaction = database.transaction(["streams", "segments", "media"], "readonly");
      const all = (name: string) => done(transaction.objectStore(name).getAll());
      const [heads, rows, keys, pieces] = await Promise.all([
        all("streams"),
        all("segments"),
        done(transaction.objectStore("media").getAllKeys()),
        all("media"),
      ]);
      const sizes = new Map<string, number>();
      (keys as number[][]).forEach(([stream, rendition, part], at) => {
        const key = `${stream}/${rendition}/${part}`;
        sizes.set(key, (sizes.get(key) ?? 0) + (pieces[at] as Uint8Array).byteLength);
      });
      const streams = new Set((heads as { id: number }[]).map(({ id }) => id));
      const missing: string[] = [];
      const strays: string[] = [];
      interface Row {
        stream: number;
        rendition: number;
        msn: number;
        firstPartId: number;
        sizesBytes: number[];
        flags: number[];
      }
      for (const { stream, rendition, msn, firstPartId, sizesBytes, flags } of rows as Row[]) {
        if (!streams.has(stream)) strays.push(`segment ${stream}/${rendition}/${msn}`);
        sizesBytes.forEach((sizeBytes, at) => {
          const key = `${stream}/${rendition}/${firstPartId + at}`;
          const found = sizes.get(key);
          sizes.delete(key);
          // A gap, or a part that was lost and is known to be.
          if (((flags[at] ?? 0) & 6) !== 0) return;
          if (found !== sizeBytes) missing.push(`${key}: expected ${sizeBytes} bytes, got ${found ?? "none"}`);
        });
      }
      for (const key of sizes.keys()) strays.push(`media ${key}`);
      return { missing, strays };
    } finally {
      database.close();
    }
  });
}
