import { expect, test } from "vitest";
import { type PublishAddress, readAddress } from "../address.ts";
import { readPreferences } from "../kit/preferences.ts";
import { initialSharing, routeOf } from "./sharing.ts";

const preferences = (stored: object) => readPreferences({ getItem: () => JSON.stringify(stored) });
const published = (search: string) => readAddress(`?publish=studio${search}`) as PublishAddress;

test("the relay of the address wins over the one that is set", () => {
  const set = preferences({ moqUrl: "https://set.example" });
  expect(initialSharing(published(""), set)).toMatchObject({ toRelay: true, relayUrl: "https://set.example" });
  expect(initialSharing(published("&moq=https://other.example"), set).relayUrl).toBe("https://other.example");
});

test("without a relay in either nothing goes to one, and nobody else watches", () => {
  const none = preferences({});
  const sharing = initialSharing(published(""), none);
  expect(sharing).toEqual({ peers: false, toRelay: false, relayUrl: "" });
  expect(routeOf(sharing, published(""), none)).toEqual({});
});

test("a certificate is used for the relay that the address names, and for no other", () => {
  const address = published("&moq=https://one.example&certificate=aa");
  const sharing = initialSharing(address, preferences({}));
  expect(routeOf(sharing, address, preferences({}))).toEqual({ moq: "https://one.example", certificate: "aa" });
  const changed = { ...sharing, relayUrl: "https://two.example" };
  expect(routeOf(changed, address, preferences({}))).toEqual({ moq: "https://two.example" });
});

test("a server of one's own stays one, and a relay that is switched off is left out", () => {
  const address = published("&server=https://own.example");
  const sharing = initialSharing(address, preferences({ signalUrl: "wss://meet.example" }));
  const set = preferences({ signalUrl: "wss://meet.example" });
  expect(routeOf(sharing, address, set)).toEqual({ signal: "wss://meet.example", server: "https://own.example" });
  expect(routeOf({ ...sharing, toRelay: false }, address, set)).toEqual({ signal: "wss://meet.example" });
});
