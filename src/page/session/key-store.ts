import { type DBSchema, openDB } from "idb";
import { KeyPair } from "../../swarm/proof/key-pair.ts";

interface KeySchema extends DBSchema {
  /** PKCS #8, by base and name of the stream. */
  keys: { key: string; value: Uint8Array };
}

const DATABASE = "eddy keys";
const VERSION = 1;

/**
 * The key of a stream that this browser publishes: the same after a reload, since viewers hold its fingerprint. It never leaves the
 * origin's own storage. Where nothing can be stored it lasts as long as the page, and the watch link with it.
 */
export async function publisherKey(stream: string): Promise<KeyPair> {
  try {
    const database = await openDB<KeySchema>(DATABASE, VERSION, {
      upgrade: (opened) => {
        opened.createObjectStore("keys");
      },
    });
    try {
      const stored = await database.get("keys", stream);
      if (stored !== undefined) return await KeyPair.importKey(Uint8Array.from(stored));
      const made = await KeyPair.generate();
      // Another tab may have been faster: the one that is stored is the key.
      await database.add("keys", made.exportKey(), stream).catch(() => undefined);
      const kept = await database.get("keys", stream);
      return kept === undefined ? made : await KeyPair.importKey(Uint8Array.from(kept));
    } finally {
      database.close();
    }
  } catch {
    return KeyPair.generate();
  }
}
