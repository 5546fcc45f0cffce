import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { toBase64Url } from "./base64url.ts";
import { type Ed25519, ed25519, fromPkcs8, type Signer, toPkcs8 } from "./ed25519.ts";
import { sha256 } from "./sha256.ts";

/** What a watch link carries of a key: SHA-256 of the raw public key, as 43 characters of base64url. */
export async function fingerprint(publicKey: Bytes): Promise<string> {
  return toBase64Url(await sha256(publicKey));
}

/** Whether `text` may be a fingerprint. */
export function isFingerprint(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** First 16 bytes of SHA-256 over what identifies a stream (fingerprint of its key, or URL of its origin): `hello.stream`. */
export async function streamId(identity: string): Promise<Bytes> {
  return (await sha256(new TextEncoder().encode(identity))).slice(0, 16);
}

/**
 * The key of a publisher. Who has it can speak for its streams: keep what `exportKey()` gives where only the publisher reads it, and
 * import it again after a reload, since viewers hold its fingerprint.
 */
export class KeyPair {
  /** SHA-256 of the public key, as `fingerprint()` gives it. */
  readonly fingerprint: string;
  readonly #seed: Bytes;
  readonly #signer: Signer;

  private constructor(context: { seed: Bytes; signer: Signer; fingerprint: string }) {
    this.#seed = context.seed;
    this.#signer = context.signer;
    this.fingerprint = context.fingerprint;
  }

  static async generate(scheme?: Ed25519): Promise<KeyPair> {
    const { generateSeed } = scheme ?? (await ed25519());
    return KeyPair.#of(generateSeed(), scheme);
  }

  /** Takes what `exportKey()` gave, or another Ed25519 key in PKCS #8 (DER). @throws RelayError `invalid-option` */
  static async importKey(pkcs8: Bytes, scheme?: Ed25519): Promise<KeyPair> {
    const seed = fromPkcs8(pkcs8);
    if (seed !== undefined) return KeyPair.#of(seed, scheme);
    throw new RelayError("invalid-option", `key: expected 48 bytes of PKCS #8, got ${pkcs8.byteLength} others`);
  }

  static async #of(seed: Bytes, scheme?: Ed25519): Promise<KeyPair> {
    const signer = await (scheme ?? (await ed25519())).signer(seed);
    return new KeyPair({ seed, signer, fingerprint: await fingerprint(signer.publicKey) });
  }

  /** Raw, 32 bytes. */
  get publicKey(): Bytes {
    return this.#signer.publicKey;
  }

  /** 64 bytes of Ed25519 over `message`. */
  sign(message: Bytes): Promise<Bytes> {
    return this.#signer.sign(message);
  }

  /** The private key in PKCS #8 (DER, 48 bytes), a copy. */
  exportKey(): Bytes {
    return toPkcs8(this.#seed);
  }
}
