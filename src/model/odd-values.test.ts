import { expect, test } from "vitest";
import { checkName } from "./ids.ts";
import { checkKeys } from "./media-key.ts";
import { resolveStreamOptions } from "./options.ts";
import { resolveRenditions } from "./rendition-options.ts";

// What a message or a database may hold, and no caller that is type-checked would pass.
const refused = (code: string) => expect.objectContaining({ name: "RelayError", code });
const variant = { id: "main", bandwidth: 1_000_000 };

test.each([null, undefined, 7, "options"])("options that are %s are refused as an option", (value) => {
  expect(() => resolveStreamOptions(value as never)).toThrow(refused("invalid-option"));
});

test("a list of renditions or keys with holes is refused, since who reads it would find nothing there", () => {
  const holed = <T>(value: T): T[] => Object.assign(new Array<T>(2), { 0: value });
  expect(() => resolveRenditions(holed(variant))).toThrow(refused("invalid-option"));
  expect(() => checkKeys(holed({ method: "NONE" }))).toThrow(refused("invalid-option"));
});

test("a name that JSON does not know is refused as a name", () => {
  for (const name of [1n, Symbol("name"), () => "name", undefined])
    expect(() => checkName(name, "stream")).toThrow(refused("invalid-name"));
});
