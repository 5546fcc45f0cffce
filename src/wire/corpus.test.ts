import { createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import { decodeCard } from "./card-codec.ts";
import { fromHex } from "./frames.test-support.ts";
import { decodeSignedHeader } from "./part-header-codec.ts";
import { decodeFrame } from "./peer-frame-codec.ts";

const lines = readFileSync(new URL("corpus.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(" ") as [keyof typeof decoders, string, string]);

const decoders = {
  frame: (bytes: Bytes): string => decodeFrame(bytes).kind,
  header: (bytes: Bytes): string => decodeSignedHeader(bytes) && "ok",
  card: (bytes: Bytes): string => decodeCard(bytes) && "ok",
};

test.each(lines)("entry %# of the corpus, a %s, is %s", (decoder, expected, hex) => {
  let outcome: string;
  try {
    outcome = decoders[decoder](hex === "-" ? new Uint8Array(0) : fromHex(hex));
  } catch (error) {
    if (!(error instanceof RelayError)) throw error;
    outcome = error.code.replace("-frame", "");
  }
  expect(outcome).toBe(expected);
});

test("Node's own Ed25519 finds the signatures of the corpus", () => {
  const examples = lines.filter(([decoder, outcome]) => decoder !== "frame" && outcome === "ok");
  const signed = examples.map(([decoder, , hex]) =>
    decoder === "card" ? decodeCard(fromHex(hex)) : decodeSignedHeader(fromHex(hex)),
  );
  const x = Buffer.from("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "hex").toString(
    "base64url",
  );
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const proven = signed.filter(({ encoded, signature }) => verify(undefined, encoded, key, signature));
  expect(proven).toHaveLength(4); // two are of a stream that nobody signs
});
