import { expect, test } from "vitest";
import { readAddress } from "../address.ts";
import { readPreferences } from "../kit/preferences.ts";
import { beginsByItself, rememberLive } from "./begun-here.ts";
import { initialSharing } from "./sharing.ts";

class Store {
  readonly values = new Map<string, string>();
  getItem(key: string): string | null {
    return this.values.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.values.set(key, value);
  }
}

const store = new Store();
const begins = (search: string, kept: Pick<Store, "getItem"> = store, preferences = {}): boolean => {
  const address = readAddress(search);
  if (address.view !== "publish") return false;
  const chosen = readPreferences({ getItem: () => JSON.stringify(preferences) });
  return beginsByItself({ source: address.source, sharing: initialSharing(address, chosen) }, search, kept);
};

test.each(["&peers=on", "&moq=https://relay.test", "&server=https://server.test"])(
  "a link alone does not send a camera to others: with %s somebody has to press the button",
  (elsewhere) => {
    expect(begins(`?publish=studio&source=camera${elsewhere}`)).toBe(false);
    expect(begins(`?publish=studio&source=pattern${elsewhere}`)).toBe(true);
  },
);

test("a link alone does not send a camera to the relay that is set for every stream", () => {
  const set = { moqUrl: "https://relay.test" };
  expect(begins("?publish=studio&source=camera", store, set)).toBe(false);
  expect(begins("?publish=studio&source=pattern", store, set)).toBe(true);
});

test("a camera that stays in this browser begins by a link", () => {
  expect(begins("?publish=studio&source=camera")).toBe(true);
});

test("a tab that was live at an address goes on at it after a reload, and at no other", () => {
  const kept = new Store();
  const search = "?publish=studio&source=camera&peers=on";
  rememberLive(search, kept);
  expect(begins(search, kept)).toBe(true);
  expect(begins(`${search}&moq=https://relay.test`, kept)).toBe(false);
});

test("where the browser lets the site store nothing, the button has to be pressed", () => {
  const refusing = {
    getItem: (): string | null => {
      throw new Error("denied");
    },
    setItem: (): void => {
      throw new Error("denied");
    },
  };
  rememberLive("?publish=studio", refusing);
  expect(begins("?publish=studio&source=camera&peers=on", refusing)).toBe(false);
});
