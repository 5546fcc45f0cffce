import { count, type Fields, isFields, malformed, text } from "../model/fields.ts";
import { checkName } from "../model/ids.ts";

const EPOCH = /^[0-9a-z]{1,16}$/;

export function epochOf(fields: Fields): string {
  const value = text(fields, "epoch");
  if (EPOCH.test(value)) return value;
  throw malformed("epoch", "1 to 16 of 0-9 a-z", value);
}

export function stepNumbers(value: unknown): readonly { readonly rendition: string; readonly number: number }[] {
  if (!Array.isArray(value) || value.length > 64) throw malformed("expected", "at most 64 numbers", value);
  // An array that comes in a message may have holes, which `map` leaves out.
  return Array.from(value, (one: unknown) => {
    if (!isFields(one)) throw malformed("expected", "an object", one);
    return { rendition: checkName(one.rendition, "rendition"), number: count(one, "number") };
  });
}
