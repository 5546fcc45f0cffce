import { expect, test } from "vitest";
import { shown } from "./moq-connection.ts";
import { moq } from "./moq-source.ts";

const HASH = "0a".repeat(32);

test("a relay and its backup are told in order, with the stream's own name unless another is said", () => {
  const source = moq({
    url: new URL("https://one.example/live"),
    token: "t",
    name: "live/studio",
    backup: { url: "https://two.example/live", discovery: false },
  });
  expect(source).toEqual({
    kind: "moq",
    name: "live/studio",
    relays: [
      { url: "https://one.example/live", token: "t" },
      { url: "https://two.example/live", discovery: false },
    ],
  });
  expect(moq({ url: "https://one.example", certificateHashes: [HASH] })).not.toHaveProperty("name");
});

test.each([
  { url: "relay.example" },
  { url: "moqt://relay.example" },
  { url: "https://relay.example", certificateHashes: ["0a"] },
  { url: "https://relay.example", webSocket: "nowhere" },
  { url: "https://relay.example", name: "" },
  { url: "https://relay.example", name: "a/../b" },
  { url: "https://relay.example", backup: { url: "nowhere" } },
])("what is no relay is refused before anything is connected: %j", (options) => {
  expect(() => moq(options)).toThrow(expect.objectContaining({ code: "invalid-option" }));
});

test("a token is not shown, wherever in its URL a relay takes it", () => {
  const token = `${"a".repeat(30)}.${"b".repeat(60)}.${"c".repeat(40)}`;
  expect(shown(`https://relay.example/live?jwt=${token}`)).toBe("https://relay.example/live");
  expect(shown(`https://relay.example/${token}`)).toBe("https://relay.example/…");
  expect(shown("https://relay.example")).toBe("https://relay.example");
});
