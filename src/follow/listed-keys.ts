import { RelayError } from "../model/errors.ts";
import { checkKeys, type MediaKey } from "../model/media-key.ts";
import { readAttributes } from "../reader/attributes.ts";
import { resolveUri } from "../reader/exchange.ts";
import type { ListedSegment } from "../reader/media-playlist.ts";

const NONE: readonly MediaKey[] = [{ method: "NONE" }];

/**
 * The keys in effect at a segment, as another playlist can list them: URIs absolute, and where the media sequence number is the IV,
 * as IVs of their own, since numbers differ elsewhere.
 * @throws RelayError `origin-malformed` for keys that cannot be passed on
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4.4.4 and 5.2
 */
export function keysOf({ keys, msn }: ListedSegment, playlistUrl: string): readonly MediaKey[] {
  if (keys.length === 0) return NONE;
  try {
    return checkKeys(keys.map((text) => keyOf(text, msn, playlistUrl)));
  } catch (cause) {
    throw new RelayError("origin-malformed", `key of segment ${msn}: ${RelayError.from(cause).message}`, { cause });
  }
}

function keyOf(text: string, msn: number, playlistUrl: string): unknown {
  const { values } = readAttributes(text);
  const method = values.get("METHOD");
  const uri = values.get("URI");
  const iv = values.get("IV");
  const keyFormat = values.get("KEYFORMAT");
  const keyFormatVersions = values.get("KEYFORMATVERSIONS");
  return {
    method,
    ...(uri === undefined ? {} : { uri: resolveUri(uri, playlistUrl) }),
    ...(iv === undefined ? {} : { iv: ivOf(iv) }),
    ...(iv === undefined && method === "AES-128" ? { iv: numberAsIv(msn) } : {}),
    ...(keyFormat === undefined ? {} : { keyFormat }),
    ...(keyFormatVersions === undefined ? {} : { keyFormatVersions }),
  };
}

/** A hexadecimal-sequence (4.2); undefined for what is none. */
export function hexBytes(text: string): Uint8Array | undefined {
  if (!/^0[xX](?:[0-9A-Fa-f]{2})+$/.test(text)) return undefined;
  return Uint8Array.from({ length: text.length / 2 - 1 }, (_, i) =>
    Number.parseInt(text.slice(2 + 2 * i, 4 + 2 * i), 16),
  );
}

/** 4.4.4.4: an integer of 128 bits. Without what it says, another one would be taken for it. */
function ivOf(text: string): Uint8Array {
  const [, digits] = /^0[xX]([0-9A-Fa-f]{1,32})$/.exec(text) ?? [];
  const iv = digits === undefined ? undefined : hexBytes(`0x${digits.padStart(32, "0")}`);
  if (iv !== undefined) return iv;
  throw new RelayError("origin-malformed", `IV: expected 128 bits in hexadecimal, got ${text.slice(0, 40)}`);
}

/** 5.2: the number in big-endian, padded to 16 bytes. */
function numberAsIv(msn: number): Uint8Array {
  const iv = new Uint8Array(16);
  new DataView(iv.buffer).setBigUint64(8, BigInt(msn));
  return iv;
}

export function sameKeys(one: readonly MediaKey[], other: readonly MediaKey[]): boolean {
  return one === other || textOf(one) === textOf(other);
}

const textOf = (keys: readonly MediaKey[]): string =>
  JSON.stringify(keys.map((key) => [key.method, key.uri, key.iv && [...key.iv], key.keyFormat, key.keyFormatVersions]));
