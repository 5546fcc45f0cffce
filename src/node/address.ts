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
