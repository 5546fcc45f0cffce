import { checkObject, checkOneOf, checkText, invalid } from "./checks.ts";

/**
 * How the media that follows is encrypted. The origin passes it through: it neither has the key nor wants it.
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.4.4
 */
export interface MediaKey {
  /** `AES-128` and the like encrypt whole parts, which then cannot be measured; the others encrypt samples within them. */
  readonly method: KeyMethod;
  /** Where players get the key; listed as it is. Absent with NONE. */
  readonly uri?: string;
  /** Initialization vector of 16 bytes. Default: not said, which means the media sequence number. */
  readonly iv?: Uint8Array;
  /** Default: not said, which means `identity`. */
  readonly keyFormat?: string;
  /** Such as `1` or `1/2/5`. */
  readonly keyFormatVersions?: string;
}

/** METHOD of EXT-X-KEY; `NONE` ends encryption. */
export type KeyMethod = "NONE" | "AES-128" | "SAMPLE-AES" | "SAMPLE-AES-CTR";

const METHODS = ["NONE", "AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"] as const;
/** As many DRM systems as one stream may name. */
const MAX_KEYS = 8;
/** Some systems put their whole request into a data URI. */
const URI = /^[\x21\x23-\x7e]{1,8192}$/;
const FORMAT = /^[\x20\x21\x23-\x7e]{1,256}$/;
const VERSIONS = /^\d{1,9}(?:\/\d{1,9}){0,15}$/;

/** Whether its parts are encrypted whole, boxes and all. */
export function isOpaque(keys: readonly MediaKey[]): boolean {
  return keys.some(({ method }) => method === "AES-128");
}

/**
 * Reads keys that may be anything: one method NONE, or one key for each system.
 * @throws RelayError `invalid-option`
 * @see draft-pantos-hls-rfc8216bis-22, section 4.4.4.4
 */
export function checkKeys(value: unknown): readonly MediaKey[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_KEYS)
    throw invalid("keys", `1 to ${MAX_KEYS}`, Array.isArray(value) ? value.length : value);
  const keys = Array.from(value, checkKey);
  if (keys.length > 1 && keys.some(({ method }) => method === "NONE"))
    throw invalid("keys", "method NONE alone", "it beside others");
  const formats = new Set(keys.map(({ keyFormat = "identity" }) => keyFormat));
  if (formats.size !== keys.length) throw invalid("keys", "different key formats", "one twice");
  return keys;
}

function checkKey(value: unknown): MediaKey {
  const { method, uri, iv, keyFormat, keyFormatVersions } = checkObject("key", value) as MediaKey;
  checkOneOf("method", method, METHODS);
  if (method === "NONE") {
    // 4.4.4.4: other attributes must not be present then.
    if (uri === undefined && iv === undefined && keyFormat === undefined && keyFormatVersions === undefined)
      return { method };
    throw invalid("key", "nothing beside method NONE", value);
  }
  checkText("uri", uri, URI, "printable ASCII without quotes and spaces");
  if (iv !== undefined && !(iv instanceof Uint8Array && iv.byteLength === 16)) throw invalid("iv", "16 bytes", iv);
  if (keyFormat !== undefined) checkText("keyFormat", keyFormat, FORMAT, "printable ASCII without quotes");
  if (keyFormatVersions !== undefined) checkText("keyFormatVersions", keyFormatVersions, VERSIONS, "such as 1/2/5");
  return {
    method,
    ...(uri === undefined ? {} : { uri }),
    ...(iv === undefined ? {} : { iv: iv.slice() }),
    ...(keyFormat === undefined ? {} : { keyFormat }),
    ...(keyFormatVersions === undefined ? {} : { keyFormatVersions }),
  };
}
