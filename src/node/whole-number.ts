import { RelayError } from "../model/errors.ts";

/** Reads an option of the command line. @throws RelayError `invalid-option` */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new RelayError("invalid-option", `${name}: expected a whole number from ${min} to ${max}, got ${text}`);
}
