import type { Bytes } from "../../src/model/bytes.ts";
import type { SignedHeader } from "../../src/model/part-header.ts";
import { chooseEd25519, type Ed25519, ed25519 } from "../../src/swarm/proof/ed25519.ts";
import { HeaderSigner, type PartFacts } from "../../src/swarm/proof/header-signer.ts";
import { KeyPair } from "../../src/swarm/proof/key-pair.ts";
import { signCard } from "../../src/swarm/proof/sign-card.ts";
import { StreamProof } from "../../src/swarm/proof/stream-proof.ts";
import type { PeerFrame } from "../../src/wire/peer-frame.ts";
import { decodeFrame, encodeFrame } from "../../src/wire/peer-frame-codec.ts";
import type { Group, Work } from "./measure.ts";

const EPOCH = "mabc01000001";
/** Headers that go round: each sample verifies them under a proof that has not seen them. */
const BATCH = 64;

function bytesOf(sizeBytes: number, seed: number): Bytes {
  return Uint8Array.from({ length: sizeBytes }, (_, index) => (index * 31 + seed) & 0xff);
}

function factsOf(part: number): PartFacts {
  return {
    rendition: 0,
    msn: 1,
    part,
    durationMs: 333,
    independent: part === 0,
    gap: false,
    discontinuity: false,
    programDateTimeMs: 1_790_000_000_000,
    initDigest: new Uint8Array(32),
  };
}

/** Node's WebCrypto without Ed25519, as in a browser that lacks it. */
function byLibrary(): Promise<Ed25519> {
  const lacking = { importKey: () => Promise.reject(new Error("no Ed25519")) };
  return chooseEd25519(lacking as unknown as typeof crypto.subtle);
}

async function streamOf(sizeBytes: number, scheme: Ed25519) {
  const keys = await KeyPair.generate();
  const card = await signCard(
    { name: "studio", epoch: EPOCH, revision: 1, options: { renditions: [{ id: "main", bandwidth: 1 }] } },
    keys,
  );
  const signer = new HeaderSigner({ epoch: EPOCH, keys });
  const parts = Array.from({ length: BATCH }, (_, part) => bytesOf(sizeBytes, part));
  const headers = await Promise.all(parts.map((bytes, part) => signer.sign(factsOf(part), bytes)));
  const viewer = async (): Promise<StreamProof> => {
    const proof = new StreamProof({ fingerprint: keys.fingerprint, scheme });
    await proof.card(card);
    return proof;
  };
  return { signer, parts, headers, viewer };
}

async function header(name: string, sizeBytes: number, scheme: Ed25519): Promise<Work> {
  const { headers, viewer } = await streamOf(sizeBytes, scheme);
  return {
    name: `verify a header of ${name}`,
    operations: BATCH,
    run: async () => {
      const proof = await viewer();
      for (const signed of headers) await proof.header(signed);
    },
  };
}

async function knownHeader(): Promise<Work> {
  const { headers, viewer } = await streamOf(64 * 1024, await ed25519());
  const proof = await viewer();
  for (const signed of headers) await proof.header(signed);
  const copies = headers.map((signed) => readHeader(encodeFrame({ kind: "header", hops: 1, signed })));
  return {
    name: "a header of 4 pieces that is known",
    operations: BATCH,
    run: () => {
      for (const signed of copies) proof.header(signed);
    },
  };
}

function readHeader(bytes: Bytes): SignedHeader {
  const frame = decodeFrame(bytes);
  if (frame.kind !== "header") throw new Error(`expected a header, got ${frame.kind}`);
  return frame.signed;
}

async function piece(together: number): Promise<Work> {
  const { headers, parts, viewer } = await streamOf(16 * 1024, await ed25519());
  const proof = await viewer();
  const [signed, bytes] = [headers[0] as SignedHeader, parts[0] as Bytes];
  return {
    name: `verify a piece of 16 KiB, ${together === 1 ? "one after the other" : `${together} at a time`}`,
    operations: together,
    sizeBytes: 16 * 1024,
    run: () => Promise.all(Array.from({ length: together }, () => proof.piece(signed, 0, bytes))),
  };
}

async function sign(): Promise<Work> {
  const { parts } = await streamOf(64 * 1024, await ed25519());
  const keys = await KeyPair.generate();
  return {
    name: "sign a part of 64 KiB",
    operations: BATCH,
    sizeBytes: 64 * 1024,
    run: async () => {
      const signer = new HeaderSigner({ epoch: EPOCH, keys });
      for (const [part, bytes] of parts.entries()) await signer.sign(factsOf(part), bytes);
    },
  };
}

export const proof: Group = {
  title: "Proof between peers",
  about:
    "`StreamProof` and `HeaderSigner`, with WebCrypto but where it says otherwise; a header has its digest, its leaves and its signature checked. WebCrypto works beside the thread, so these are delays, not load.",
  works: [
    async () => header("4 pieces", 64 * 1024, await ed25519()),
    async () => header("4 pieces, by @noble/ed25519", 64 * 1024, await byLibrary()),
    async () => header("64 pieces", 1024 * 1024, await ed25519()),
    knownHeader,
    () => piece(1),
    () => piece(8),
    sign,
  ],
};

const key = { rendition: 0, msn: 1_000, part: 3 };
const pieceFrame: PeerFrame = { kind: "piece", key, index: 0, bytes: bytesOf(16 * 1024, 0) };
const request: PeerFrame = { kind: "request", key, first: 0, count: 4, known: true, withinMs: 500 };

async function headerFrame(): Promise<PeerFrame> {
  const { headers } = await streamOf(64 * 1024, await ed25519());
  return { kind: "header", hops: 2, signed: headers[0] as SignedHeader };
}

function encode(name: string, frame: PeerFrame): Work {
  return { name: `encode ${name}`, run: () => encodeFrame(frame) };
}

function decode(name: string, frame: PeerFrame): Work {
  const bytes = encodeFrame(frame);
  return { name: `decode ${name}`, run: () => decodeFrame(bytes) };
}

export const frames: Group = {
  title: "Frames between peers",
  about: "`encodeFrame` copies a piece once, into the message; `decodeFrame` makes views.",
  works: [
    () => encode("a piece of 16 KiB", pieceFrame),
    () => decode("a piece of 16 KiB", pieceFrame),
    () => encode("a request", request),
    () => decode("a request", request),
    async () => encode("a header of 4 pieces", await headerFrame()),
    async () => decode("a header of 4 pieces", await headerFrame()),
  ],
};
