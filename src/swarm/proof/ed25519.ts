import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { fromBase64Url } from "./base64url.ts";

type Subtle = typeof crypto.subtle;

/** Ed25519 as RFC 8032 has it, by the host or by a library. */
export interface Ed25519 {
  /** 32 random bytes, which are the whole private key. */
  generateSeed(): Bytes;
  /** What signs with `seed`, and can be verified with `publicKey`. */
  signer(seed: Bytes): Promise<Signer>;
  /** What verifies against a raw public key; rejects where it is none. */
  verifier(publicKey: Bytes): Promise<Verify>;
}

export interface Signer {
  /** Raw, 32 bytes. */
  readonly publicKey: Bytes;
  /** 64 bytes. */
  sign(message: Bytes): Promise<Bytes>;
}

/** Whether `signature`, of any length, is one of `message`. Never rejects. */
export type Verify = (signature: Bytes, message: Bytes) => Promise<boolean>;

/** What stands before the seed in PKCS #8 (RFC 8410, section 7). */
const PKCS8_HEAD = new Uint8Array([48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32]);
const SEED_BYTES = 32;

let chosen: Promise<Ed25519> | undefined;

/**
 * Chosen once: the host's where it works, else the library's, which is loaded only then.
 * @throws RelayError `unsupported-browser` where it cannot be loaded either; the next call tries again
 */
export function ed25519(): Promise<Ed25519> {
  chosen ??= chooseEd25519(crypto.subtle).catch((error: unknown) => {
    chosen = undefined;
    throw new RelayError("unsupported-browser", "expected Ed25519 in WebCrypto or a library for it, got neither", {
      cause: error,
    });
  });
  return chosen;
}

/** WebCrypto's where `subtle` has it, else `@noble/ed25519`; a Service Worker cannot load that, and rejects. */
export async function chooseEd25519(subtle: Subtle): Promise<Ed25519> {
  return (await works(subtle)) ? webCrypto(subtle) : noble();
}

/** A seed as a PKCS #8 key, which other tools read. */
export function toPkcs8(seed: Bytes): Bytes {
  const bytes = new Uint8Array(PKCS8_HEAD.byteLength + SEED_BYTES);
  bytes.set(PKCS8_HEAD);
  bytes.set(seed, PKCS8_HEAD.byteLength);
  return bytes;
}

/** The seed of a PKCS #8 key; undefined where it is no Ed25519 key without attributes. */
export function fromPkcs8(bytes: Bytes): Bytes | undefined {
  const whole = bytes.byteLength === PKCS8_HEAD.byteLength + SEED_BYTES;
  return whole && PKCS8_HEAD.every((byte, index) => byte === bytes[index])
    ? bytes.slice(PKCS8_HEAD.byteLength)
    : undefined;
}

/** Whether it signs and verifies: some hosts know the name, and refuse to use it. */
async function works(subtle: Subtle): Promise<boolean> {
  try {
    const ours = webCrypto(subtle);
    const { publicKey, sign } = await ours.signer(new Uint8Array(SEED_BYTES));
    const message = new Uint8Array(1);
    return await (await ours.verifier(publicKey))(await sign(message), message);
  } catch {
    return false;
  }
}

function generateSeed(): Bytes {
  return crypto.getRandomValues(new Uint8Array(SEED_BYTES));
}

function webCrypto(subtle: Subtle): Ed25519 {
  return {
    generateSeed,
    async signer(seed) {
      // Extractable, since only an export tells the public key of a private one.
      const key = await subtle.importKey("pkcs8", toPkcs8(seed), "Ed25519", true, ["sign"]);
      const { x = "" } = await subtle.exportKey("jwk", key);
      return {
        publicKey: fromBase64Url(x),
        sign: async (message) => new Uint8Array(await subtle.sign("Ed25519", key, message)),
      };
    },
    async verifier(publicKey) {
      const key = await subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
      return (signature, message) => subtle.verify("Ed25519", key, signature, message).catch(() => false);
    },
  };
}

async function noble(): Promise<Ed25519> {
  const { getPublicKeyAsync, Point, signAsync, verifyAsync } = await import("@noble/ed25519");
  return {
    generateSeed,
    async signer(seed) {
      return {
        publicKey: new Uint8Array(await getPublicKeyAsync(seed)),
        sign: async (message) => new Uint8Array(await signAsync(message, seed)),
      };
    },
    async verifier(publicKey) {
      Point.fromBytes(publicKey); // throws where it is none
      // As WebCrypto verifies: all viewers must find the same.
      return (signature, message) => verifyAsync(signature, message, publicKey, { zip215: false }).catch(() => false);
    },
  };
}
