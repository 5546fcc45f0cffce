import type { IDBPTransaction } from "idb";
import type { StoreDatabase, StoreName, StoreSchema } from "./schema.ts";

type Writing = IDBPTransaction<StoreSchema, StoreName[], "readwrite">;

/** Another worker has taken the database over. What this one has not written is sent to that one again. */
export class SupersededError extends Error {}

/**
 * Lets one worker write at a time: the one that took the database over last. A successor may read it while its predecessor has a
 * batch on its way, and what came after that reading would overwrite what the successor writes.
 */
export class Fence {
  readonly #token = crypto.randomUUID();
  /** The disk was too full to say so: then nothing can be told apart, and nothing is refused. */
  #isOpen = true;

  /** Takes the database over: no batch that another worker has begun is written from now on. */
  async take(database: StoreDatabase): Promise<void> {
    try {
      await database.put("writer", this.#token, "token");
      this.#isOpen = false;
    } catch {
      this.#isOpen = true;
    }
  }

  /**
   * Makes the transaction fail if another worker has taken over. Called before anything else is asked of it.
   * @throws SupersededError
   */
  async hold(transaction: Writing): Promise<void> {
    if (this.#isOpen) return;
    if ((await transaction.objectStore("writer").get("token")) === this.#token) return;
    transaction.abort();
    throw new SupersededError("another worker has taken the database over");
  }
}
