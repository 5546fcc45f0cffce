import { type Bytes, sameBytes } from "../../model/bytes.ts";
import { RelayError } from "../../model/errors.ts";
import { type Digest, partNumber, type SignedHeader, type StreamCard } from "../../model/part-header.ts";
import { decodeCard, type SignedCard } from "../../wire/card-codec.ts";
import { encodeHeader, pieceCount, pieceSize } from "../../wire/part-header-codec.ts";
import type { Proof } from "../swarm-types.ts";
import { toBase64Url } from "./base64url.ts";
import { type Ed25519, ed25519, type Verify } from "./ed25519.ts";
import { compareEpochs } from "./epoch-order.ts";
import { HeaderWindow } from "./header-window.ts";
import { fingerprint } from "./key-pair.ts";
import { merkleRoot } from "./merkle.ts";
import { sha256 } from "./sha256.ts";

/** What a viewer holds a stream against. */
export type Trust =
  | {
      /** As the watch link has it. */
      readonly fingerprint: string;
      /** A key may have several streams: cards of others are dropped. Default: any. */
      readonly name?: string;
      /** Default: what the host has (`ed25519()`). */
      readonly scheme?: Ed25519;
    }
  /**
   * Nothing proves who said it: whoever is in the room can make up a stream. Pieces are held against headers, headers against the
   * first card, and the first header of a number stands.
   */
  | { readonly integrity: "none" };

/** The card in force, and what was proven under it. */
interface Current extends SignedCard {
  /** By rendition; of this epoch. */
  readonly windows: readonly HeaderWindow[];
  readonly verify: Verify;
}

interface Pending {
  readonly signed: SignedHeader;
  readonly proven: Promise<void>;
}

/** Headers on their way that another copy can wait for; beyond these, each copy is verified by itself. */
const MAX_PENDING = 64;

/** Holds cards, headers, pieces and init segments against the key of one stream. What it is given must not change. */
export class StreamProof implements Proof {
  readonly #trust: Trust;
  #current: Current | undefined;
  /** By digest as it was said, so as not to verify at once what several peers send. */
  readonly #pending = new Map<string, Pending>();

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  /** @throws RelayError `unproven`, `stale` */
  async card(bytes: Bytes): Promise<StreamCard> {
    const signed = orUnproven(() => decodeCard(bytes));
    const known = this.#placeCard(signed);
    if (known !== undefined) return known;
    const verify = await this.#verifierOf(signed);
    // Another may have come meanwhile.
    const placed = this.#placeCard(signed);
    if (placed !== undefined) return placed;
    const current = this.#current;
    const windows =
      current?.card.epoch === signed.card.epoch && current.windows.length === signed.card.options.renditions.length
        ? current.windows
        : signed.card.options.renditions.map(() => new HeaderWindow("fingerprint" in this.#trust));
    this.#current = { ...signed, windows, verify };
    return signed.card;
  }

  /**
   * A header and its leaves. One that is known costs a comparison. Throws at once what needs no hash to be refused.
   * @throws RelayError `unproven`, `stale`
   */
  header(signed: SignedHeader): void | Promise<void> {
    const window = this.#windowOf(signed);
    const known = window.get(partNumber(signed.header));
    if (known !== undefined && sameHeader(known, signed)) return undefined;
    const key = toBase64Url(signed.digest);
    const pending = this.#pending.get(key);
    if (pending !== undefined && sameHeader(pending.signed, signed)) return pending.proven;
    const proven = this.#prove(signed);
    if (pending !== undefined || this.#pending.size >= MAX_PENDING) return proven;
    const watched = proven.finally(() => this.#pending.delete(key));
    this.#pending.set(key, { signed, proven: watched });
    return watched;
  }

  /** Holds a piece against a header that `header()` has let pass, or that the caller made itself. @throws RelayError `unproven` */
  async piece(signed: SignedHeader, index: number, bytes: Bytes): Promise<void> {
    const leaf = signed.pieces[index];
    if (leaf === undefined) throw unproven(`piece: expected an index below ${signed.pieces.length}, got ${index}`);
    const sizeBytes = pieceSize(signed.header.sizeBytes, index);
    if (bytes.byteLength !== sizeBytes) {
      throw unproven(`piece ${index}: expected ${sizeBytes} bytes, got ${bytes.byteLength}`);
    }
    checkDigest(`piece ${index}`, leaf, await sha256(bytes));
  }

  /** @throws RelayError `unproven` */
  async init(digest: Digest, bytes: Bytes): Promise<void> {
    checkDigest("init segment", digest, await sha256(bytes));
  }

  /** The card where it is known already; undefined where it would be news. @throws RelayError `stale`, `unproven` */
  #placeCard({ card, encoded, signature }: SignedCard): StreamCard | undefined {
    const current = this.#current;
    if (current === undefined) return undefined;
    const isSame = sameBytes(encoded, current.encoded);
    if (isSame && sameBytes(signature, current.signature)) return current.card;
    if (!("fingerprint" in this.#trust)) throw stale("card: expected the first one, which stands, got another");
    const order = compareEpochs(card.epoch, current.card.epoch) || card.revision - current.card.revision;
    if (order < 0) {
      throw stale(
        `card: expected ${current.card.epoch} revision ${current.card.revision} or later, got ${card.epoch} revision ${card.revision}`,
      );
    }
    return undefined;
  }

  async #verifierOf({ card, encoded, signature }: SignedCard): Promise<Verify> {
    const trust = this.#trust;
    if (!("fingerprint" in trust)) return () => Promise.resolve(true);
    const got = await fingerprint(card.publicKey);
    if (got !== trust.fingerprint)
      throw unproven(`card: expected a key of fingerprint ${trust.fingerprint}, got ${got}`);
    const scheme = trust.scheme ?? (await ed25519());
    const verify = await scheme.verifier(card.publicKey).catch((error: unknown) => {
      throw new RelayError("unproven", "card: expected an Ed25519 key, got 32 other bytes", { cause: error });
    });
    if (!(await verify(signature, encoded))) throw unproven("card: expected a signature of its key, got another");
    if (trust.name !== undefined && card.name !== trust.name) {
      throw stale(`card: expected that of "${trust.name}", got that of "${card.name}"`);
    }
    this.#checkRevision({ card, encoded, signature });
    return verify;
  }

  /** Two cards of one revision: only the publisher can have made both. */
  #checkRevision({ card, encoded, signature }: SignedCard): void {
    const current = this.#current;
    if (current === undefined || sameBytes(encoded, current.encoded)) return;
    if (card.epoch !== current.card.epoch || card.revision !== current.card.revision) return;
    throw unproven(
      `card: two are signed of ${card.epoch} revision ${card.revision}: ${evidence(current.encoded, current.signature)} and ${evidence(encoded, signature)}`,
    );
  }

  /** What can be told without a hash. */
  #windowOf(signed: SignedHeader): HeaderWindow {
    const { header, encoded, pieces } = signed;
    const current = this.#current;
    if (current === undefined) throw stale("header: expected a card before it, got none");
    if (header.epoch !== current.card.epoch) {
      throw stale(`header: expected epoch ${current.card.epoch}, got ${header.epoch}`);
    }
    const window = current.windows[header.rendition];
    if (window === undefined) {
      throw unproven(`header: expected one of ${current.windows.length} renditions, got ${header.rendition}`);
    }
    // What is said in fields must be what was signed in bytes, whoever made the object.
    if (
      !sameBytes(
        orUnproven(() => encodeHeader(header)),
        encoded,
      )
    ) {
      throw unproven("header: expected the fields that were signed, got others");
    }
    if (pieces.length !== pieceCount(header.sizeBytes) || pieces.some(({ byteLength }) => byteLength !== 32)) {
      throw unproven(`header: expected ${pieceCount(header.sizeBytes)} digests of pieces, got ${pieces.length}`);
    }
    if (window.forgets(partNumber(header)))
      throw stale(`header: ${positionOf(signed)} is older than what is remembered`);
    return window;
  }

  async #prove(signed: SignedHeader): Promise<void> {
    const { header, encoded, digest, signature, pieces } = signed;
    const verify = this.#current?.verify ?? refused;
    // All at once: each hop of a part waits for this.
    const [actual, root, isSigned] = await Promise.all([
      sha256(encoded),
      merkleRoot(pieces),
      verify(signature, encoded),
    ]);
    checkDigest("header", digest, actual);
    checkDigest("pieces", header.root, root);
    if (!isSigned) throw unproven(`header: ${positionOf(signed)} is not signed by the stream's key`);
    // The card may have changed meanwhile, and another copy may have come.
    const window = this.#windowOf(signed);
    const known = window.get(partNumber(header));
    if (known === undefined) this.#append(window, signed);
    else if (!sameBytes(known.digest, digest)) this.#refuseSecond(known, signed);
  }

  #append(window: HeaderWindow, signed: SignedHeader): void {
    const contradiction = "fingerprint" in this.#trust ? window.contradiction(signed) : undefined;
    if (contradiction !== undefined) throw unproven(`header: ${positionOf(signed)} breaks the chain: ${contradiction}`);
    window.add(signed);
  }

  #refuseSecond(known: SignedHeader, signed: SignedHeader): void {
    if ("fingerprint" in this.#trust) {
      throw unproven(
        `header: two are signed of ${positionOf(signed)}: ${evidence(known.encoded, known.signature)} and ${evidence(signed.encoded, signed.signature)}`,
      );
    }
    // Who fetched the same bytes may have another idea of their date: no harm. Of other bytes, nothing tells which are right.
    if (sameBytes(known.header.root, signed.header.root)) return;
    throw stale(`header: expected the first one of ${positionOf(signed)}, which stands, got another`);
  }
}

function sameHeader(a: SignedHeader, b: SignedHeader): boolean {
  return (
    a === b ||
    (sameBytes(a.digest, b.digest) &&
      sameBytes(a.encoded, b.encoded) &&
      sameBytes(a.signature, b.signature) &&
      a.pieces.length === b.pieces.length &&
      a.pieces.every((piece, index) => sameBytes(piece, b.pieces[index] ?? piece)))
  );
}

function refused(): Promise<boolean> {
  return Promise.resolve(false);
}

function unproven(message: string): RelayError {
  return new RelayError("unproven", message);
}

function stale(message: string): RelayError {
  return new RelayError("stale", message);
}

/** What no honest peer passes on is a lie, in whatever way it is wrong. */
function orUnproven<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new RelayError("unproven", RelayError.from(error).message, { cause: error });
  }
}

function checkDigest(what: string, expected: Digest, got: Digest): void {
  if (sameBytes(expected, got)) return;
  throw unproven(`${what}: expected SHA-256 ${toBase64Url(expected)}, got ${toBase64Url(got)}`);
}

function positionOf({ header: { rendition, msn, part } }: SignedHeader): string {
  return `${rendition}/${msn}/${part}`;
}

/** Whoever reads it can verify it. */
function evidence(encoded: Bytes, signature: Bytes): string {
  return `${toBase64Url(encoded)}.${toBase64Url(signature)}`;
}
