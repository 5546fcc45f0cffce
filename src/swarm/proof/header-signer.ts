import type { Bytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import {
  type Digest,
  MAX_SHARED_PART_BYTES,
  type PartHeader,
  partNumber,
  type SignedHeader,
} from "../../model/part-header.ts";
import { decodeHeader, encodeHeader } from "../../wire/part-header-codec.ts";
import type { KeyPair } from "./key-pair.ts";
import { merkleRoot, pieceDigests } from "./merkle.ts";
import { sha256 } from "./sha256.ts";

/** What is known of a part before it is measured and chained. */
export type PartFacts = Omit<PartHeader, "epoch" | "sizeBytes" | "root" | "previous">;

/** The last header of one rendition. */
interface Link {
  readonly number: number;
  readonly digest: Digest;
}

/** The one epoch of what nobody signs: all who fetch from an origin must make the same headers. */
export const UNSIGNED_EPOCH = "0";

const NO_DIGEST: Digest = new Uint8Array(32);
const NOTHING: Bytes = new Uint8Array(0);

/**
 * Makes the headers of one publisher, or signer, in one epoch: each names the one before it of the same rendition.
 *
 * Without keys (`integrity: "none"`) headers are made by whoever fetched a part: they name none before them, so that all who fetch the
 * same part make the same header.
 */
export class HeaderSigner {
  readonly #epoch: string;
  readonly #keys: KeyPair | undefined;
  /** By rendition; a promise, so that calls that overlap are chained in their order. */
  readonly #chain = new Map<number, Promise<Link | undefined>>();

  /**
   * `epoch`: 1 to 16 of `0-9 a-z`; must grow with time, first by length and then by text, as viewers follow the newest. Without
   * `signing`, headers are unsigned and of `UNSIGNED_EPOCH`.
   */
  constructor(signing?: { readonly epoch: string; readonly keys: KeyPair }) {
    this.#epoch = signing?.epoch ?? UNSIGNED_EPOCH;
    this.#keys = signing?.keys;
  }

  /**
   * The header of the part that is `bytes` (none for a gap), which must not change meanwhile. With keys, parts of one rendition come in
   * order; a call may begin before the one before has ended.
   * @throws RelayError `out-of-order`, `part-too-large`, or `malformed-frame` where a field is beyond what headers take
   */
  async sign(facts: PartFacts, bytes: Bytes): Promise<SignedHeader> {
    const before = this.#chain.get(facts.rendition);
    const made = this.#make(facts, bytes, before);
    if (this.#keys !== undefined) {
      // One that failed is not in the chain: the next names the one before it.
      const link = made.then(({ digest }) => ({ number: partNumber(facts), digest })).catch(() => before);
      this.#chain.set(facts.rendition, link);
    }
    const { header, encoded, digest, pieces } = await made;
    const signature = this.#keys === undefined ? NOTHING : await this.#keys.sign(encoded);
    return { header, encoded, digest, signature, pieces };
  }

  async #make(
    facts: PartFacts,
    bytes: Bytes,
    before: Promise<Link | undefined> | undefined,
  ): Promise<Omit<SignedHeader, "signature">> {
    if (bytes.byteLength > MAX_SHARED_PART_BYTES) {
      throw new RelayError(
        "part-too-large",
        `part: expected at most ${MAX_SHARED_PART_BYTES} bytes, got ${bytes.byteLength}`,
      );
    }
    const pieces = await pieceDigests(bytes);
    const [root, link] = await Promise.all([merkleRoot(pieces), before]);
    const number = partNumber(facts);
    if (link !== undefined && number <= link.number) {
      throw new RelayError("out-of-order", `part: expected a number over ${link.number}, got ${number}`);
    }
    const previous = link?.digest ?? NO_DIGEST;
    const encoded = encodeHeader({ ...facts, epoch: this.#epoch, sizeBytes: bytes.byteLength, root, previous });
    // As others will read it: rounded, and with nothing that the encoding leaves out.
    return { header: decodeHeader(encoded), encoded, digest: await sha256(encoded), pieces };
  }
}
