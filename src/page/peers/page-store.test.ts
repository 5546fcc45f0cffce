import { afterEach, expect, test, vi } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { pageStore } from "./page-store.ts";
import { resolvePeersOptions } from "./peer-options.ts";
import { UploadPolicy } from "./upload-policy.ts";
import { setUploadConsent, uploadRecord } from "./upload-record.ts";

afterEach(() => vi.unstubAllGlobals());

/** A browser that throws when `localStorage` is looked at. */
function blockStorage(): void {
  vi.stubGlobal("localStorage", undefined);
  Object.defineProperty(globalThis, "localStorage", {
    configurable: true,
    get() {
      throw new DOMException("storage is blocked", "SecurityError");
    },
  });
}

test("where storage is blocked, consent holds for the visit, and who asks for it to be stored is told", () => {
  blockStorage();
  const world = { clock: new FakeClock(), store: pageStore(), hidden: false, metered: false, saveData: false };
  const { upload, mode } = resolvePeersOptions({}, "https://example.org/");
  const policy = new UploadPolicy(upload, mode, { ...world, onChange: () => () => undefined });
  expect(policy.state).toEqual({ on: false, reason: "no-consent" });
  policy.setConsent(true);
  expect(policy.state).toEqual({ on: true, reason: undefined });
  policy.uploaded(2_000_000);
  expect(policy.monthBytes).toBe(2_000_000);
  policy.close();
  expect(uploadRecord()).toEqual({ monthBytes: 0, consent: undefined });
  expect(() => setUploadConsent(true)).toThrow("storage is blocked");
});
