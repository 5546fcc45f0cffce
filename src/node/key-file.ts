import { open, writeFile } from "node:fs/promises";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { KeyPair } from "../swarm/proof/key-pair.ts";

export interface OpenedKey {
  readonly keys: KeyPair;
  /** It was not there, and has been made. */
  readonly isNew: boolean;
  /** Others than its owner may read it. */
  readonly isExposed: boolean;
}

const PEM = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;
const OWNER_ONLY = 0o600;
/** A key takes 120. */
const MAX_FILE_BYTES = 64 * 1024;

/**
 * The key that a file holds, as PEM of PKCS #8; one that is not there is made, and readable to its owner only.
 * @throws RelayError `invalid-option` for a file that holds no such key, or cannot be read or made
 */
export async function openKeyFile(path: string): Promise<OpenedKey> {
  try {
    const keys = await KeyPair.generate();
    // Fails where it is there, so that two who start at once have one key.
    await writeFile(path, pemOf(keys.exportKey()), { flag: "wx", mode: OWNER_ONLY });
    return { keys, isNew: true, isExposed: false };
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw unusable(path, thrown);
  }
  try {
    const { pem, mode } = await readPem(path);
    const keys = await KeyPair.importKey(keyOfPem(pem));
    return { keys, isNew: false, isExposed: process.platform !== "win32" && (mode & 0o077) !== 0 };
  } catch (thrown) {
    throw unusable(path, thrown);
  }
}

/** Not the whole of what may have no end, such as a device. */
async function readPem(path: string): Promise<{ readonly pem: string; readonly mode: number }> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE_BYTES), 0, MAX_FILE_BYTES, null);
    const { mode } = await file.stat();
    return { pem: buffer.toString("utf8", 0, bytesRead), mode };
  } finally {
    await file.close();
  }
}

/** PKCS #8 as PEM. */
export function pemOf(pkcs8: Bytes): string {
  return `-----BEGIN PRIVATE KEY-----\n${Buffer.from(pkcs8).toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

/** What PEM holds, whatever that is. @throws RelayError `invalid-option` */
export function keyOfPem(pem: string): Bytes {
  const base64 = PEM.exec(pem)?.[1];
  if (base64 === undefined) throw new RelayError("invalid-option", "expected a private key in PEM, got none");
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

const codeOf = (thrown: unknown): unknown => (thrown instanceof Error && "code" in thrown ? thrown.code : undefined);

function unusable(path: string, cause: unknown): RelayError {
  return new RelayError("invalid-option", `key ${path}: ${RelayError.from(cause).message}`, { cause });
}
