import { expect, test } from "vitest";
import { changePreferences, readPreferences } from "./preferences.ts";

function storage(text: string | null) {
  let stored = text;
  return {
    getItem: () => stored,
    setItem: (_: string, value: string) => {
      stored = value;
    },
  };
}

test("what was changed is read again, beside the defaults of the rest", () => {
  const disk = storage(null);
  changePreferences({ peersMode: "receive-only" }, disk);
  changePreferences({ uploadKbps: 2 }, disk);
  expect(readPreferences(disk)).toMatchObject({ peersMode: "receive-only", uploadKbps: 2, uploadInBackground: true });
});

test.each(["no JSON", "null", "7", '{"uploadKbps":"four","later":1}'])("%s in storage gives the defaults", (text) => {
  expect(readPreferences(storage(text))).toEqual(readPreferences(storage(null)));
});
