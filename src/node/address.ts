import { isIPv6 } from "node:net";
import { RelayError } from "../model/errors.ts";

const HOST = /^[A-Za-z0-9._:%-]{1,255}$/;

/** Where a command listens. None would be every address of the machine, by no word of whoever started it. @throws RelayError `invalid-option` */
export function hostName(name: string, text: string): string {
  if (HOST.test(text)) return text;
  throw new RelayError("invalid-option", `${name}: expected a host or an address, got "${text}"`);
}

/** The origin of pages. @throws RelayError `invalid-option` */
export function pageOrigin(name: string, text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text) return text;
  throw new RelayError("invalid-option", `${name}: expected one such as https://site.example, got ${text}`);
}

/** Whose an address is: of IPv6 the first 64 bits, since whoever has one of such a network has them all (RFC 6177). */
export function networkOf(address: string): string {
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array<string>(Math.max(0, 8 - before.length - after.length)).fill("0");
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}
