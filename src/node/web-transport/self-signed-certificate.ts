import { createHash, createSign, generateKeyPairSync, randomBytes } from "node:crypto";
import { isIP } from "node:net";

export interface SelfSignedCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** SHA-256 of the certificate, in hexadecimal: what pages are given as `serverCertificateHashes`. */
  readonly hash: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresMs: number;
}

/** Browsers take a certificate by its hash only if it is valid for two weeks or less; a little less lets clocks differ. */
const VALID_MS = 13 * 24 * 3600_000;
const EARLIER_MS = 3600_000;

/**
 * A new P-256 key and a certificate of its own for `names`, for a server that pages know by the hash of its certificate.
 * @see https://www.w3.org/TR/webtransport/#custom-certificate-requirements
 */
export function selfSignedCertificate({
  names = ["localhost", "127.0.0.1", "::1"],
  nowMs = Date.now(),
}: {
  readonly names?: readonly string[];
  readonly nowMs?: number;
} = {}): SelfSignedCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const expiresMs = nowMs - EARLIER_MS + VALID_MS;
  const name = sequence(set(sequence(oid("2.5.4.3"), der(0x0c, Buffer.from("eddy-hls")))));
  const algorithm = sequence(oid("1.2.840.10045.4.3.2")); // ecdsa-with-SHA256
  const altNames = sequence(...names.map(altName));
  // RFC 5280, section 4.1
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, positive(randomBytes(16))), // serial number
    algorithm,
    name, // issuer
    sequence(time(nowMs - EARLIER_MS), time(expiresMs)),
    name, // subject
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(sequence(oid("2.5.29.17"), der(0x04, altNames)))), // extensions: subjectAltName
  );
  const signature = createSign("sha256").update(toBeSigned).sign(privateKey);
  const certificate = sequence(toBeSigned, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  return {
    certificatePem: pem("CERTIFICATE", certificate),
    keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    hash: createHash("sha256").update(certificate).digest("hex"),
    expiresMs,
  };
}

/** X.690, section 8.1: tag, length, content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const size = length < 0x100 ? Buffer.of(0x81, length) : Buffer.of(0x82, length >> 8, length & 0xff);
  return Buffer.concat([Buffer.of(tag), size, content]);
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));
const set = (...parts: Buffer[]): Buffer => der(0x31, Buffer.concat(parts));

/** X.690, section 8.19: the first two arcs in one byte, the others in base 128. */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...others] = text.split(".").map(Number);
  const bytes = others.flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let rest = arc >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f));
    return digits;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

/** RFC 5280, section 4.1.2.5.1: UTCTime, until 2049. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, "");
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

/** RFC 5280, section 4.2.1.6 */
function altName(name: string): Buffer {
  if (isIP(name) === 0) return der(0x82, Buffer.from(name));
  return der(0x87, isIP(name) === 4 ? Buffer.from(name.split(".").map(Number)) : ipv6Bytes(name));
}

function ipv6Bytes(address: string): Buffer {
  const [head = "", tail] = address.split("::");
  const words = (text: string | undefined): string[] => (text === undefined || text === "" ? [] : text.split(":"));
  const [before, after] = [words(head), words(tail)];
  const zeros = Array<string>(8 - before.length - after.length).fill("0");
  return Buffer.from([...before, ...zeros, ...after].map((word) => word.padStart(4, "0")).join(""), "hex");
}

/** An integer is signed: its first bit is none, and the byte not zero (RFC 5280, section 4.1.2.2). */
function positive(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[0] = ((copy[0] ?? 0) & 0x7f) | 0x40;
  return copy;
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
