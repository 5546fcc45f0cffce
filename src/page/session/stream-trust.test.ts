import { expect, test, vi } from "vitest";
import { shares } from "./leader.ts";
import { trustOf } from "./stream-trust.ts";

const FINGERPRINT = "If4x36FUomFia_hUBG_SJxt77UtqvkWqWId-9H-XIbk";
const refused = expect.objectContaining({ code: "invalid-option" });
const origin = { url: "https://origin.test/main.m3u8" };

test("peers are taken with the fingerprint of the stream's key alone, unless somebody says that nothing need be proven", async () => {
  await expect(trustOf({ name: "studio", hasPeers: true })).rejects.toEqual(refused);
  await expect(trustOf({ name: "studio", hasPeers: true, fingerprint: "short" })).rejects.toEqual(refused);
  await expect(trustOf({ name: "studio", hasPeers: true, origin, fingerprint: FINGERPRINT })).rejects.toEqual(refused);
  const { trust } = await trustOf({ name: "studio", hasPeers: true, fingerprint: FINGERPRINT });
  expect(trust).toEqual({ fingerprint: FINGERPRINT, name: "studio" });
});

test("who says that nothing need be proven is warned of what that means", async () => {
  const warn = vi.spyOn(console, "warn").mockReturnValue();
  const { trust } = await trustOf({ name: "studio", hasPeers: true, integrity: "none" });
  expect(trust).toEqual({ integrity: "none" });
  expect(warn).toHaveBeenCalledWith(expect.stringContaining("can show viewers any picture"));
  warn.mockRestore();
});

test("what a relay sends is held against the key where there is one", async () => {
  const relay = { kind: "moq", relays: [{ url: "https://relay.test" }] } as never;
  const { trust } = await trustOf({ name: "studio", hasPeers: false, relay, fingerprint: FINGERPRINT });
  expect(trust).toMatchObject({ fingerprint: FINGERPRINT });
});

test("streams of different keys, names, origins and relays are different rooms", async () => {
  const ids = await Promise.all([
    trustOf({ name: "studio", hasPeers: true, fingerprint: FINGERPRINT }),
    trustOf({ name: "other", hasPeers: true, fingerprint: FINGERPRINT }),
    trustOf({ name: "studio", hasPeers: true, fingerprint: FINGERPRINT.replace("I", "J") }),
    trustOf({ name: "studio", hasPeers: false, origin }),
    trustOf({ name: "studio", hasPeers: false, origin: { url: `${origin.url}?other` } }),
  ]);
  expect(new Set(ids.map(({ streamId }) => streamId.join())).size).toBe(ids.length);
});

test("what requests with credentials, or with headers of their own, open is not passed on unless somebody says so", () => {
  expect(shares(origin)).toBe(true);
  expect(shares({ ...origin, credentials: "include" })).toBe(false);
  expect(shares({ ...origin, credentials: "same-origin" })).toBe(false);
  expect(shares({ ...origin, requestHeaders: { authorization: "Bearer token" } })).toBe(false);
  expect(shares({ ...origin, requestHeaders: { authorization: "Bearer token" }, share: true })).toBe(true);
  expect(shares({ ...origin, share: false })).toBe(false);
});
