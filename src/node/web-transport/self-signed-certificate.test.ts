import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { selfSignedCertificate } from "./self-signed-certificate.ts";

const DAY_MS = 24 * 3600_000;

test("a certificate is signed by its own key, names its hosts, and lasts less than two weeks", () => {
  const nowMs = Date.parse("2026-11-27T22:00:00Z");
  const names = ["localhost", "relay.example", "127.0.0.1", "::1", "2001:db8::a:1"];
  const made = selfSignedCertificate({ names, nowMs });
  const read = new X509Certificate(made.certificatePem);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: "prime256v1" });
  expect(read.fingerprint256.replaceAll(":", "").toLowerCase()).toBe(made.hash);
  expect(read.checkHost("relay.example")).toBe("relay.example");
  expect(read.subjectAltName).toBe(
    "DNS:localhost, DNS:relay.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:A:1",
  );
  expect(Date.parse(read.validFrom)).toBeLessThan(nowMs);
  expect(Date.parse(read.validTo)).toBe(made.expiresMs);
  expect(made.expiresMs - Date.parse(read.validFrom)).toBeLessThanOrEqual(14 * DAY_MS);
});

test("each has a key and a serial number of its own", () => {
  const [one, other] = [selfSignedCertificate(), selfSignedCertificate()];
  expect(one.hash).not.toBe(other.hash);
  const serial = ({ certificatePem }: typeof one): string => new X509Certificate(certificatePem).serialNumber;
  expect(serial(one)).not.toBe(serial(other));
});
