import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { UploadMeter } from "./upload-meter.ts";
import { setUploadConsent, uploadRecord } from "./upload-record.ts";

function storage() {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      values.set(key, value);
    },
  };
}

test("what sessions have sent, and what a person has answered, is read without one", () => {
  const store = storage();
  const clock = new FakeClock();
  expect(uploadRecord(store, clock)).toEqual({ monthBytes: 0, consent: undefined });
  const meter = new UploadMeter(store, clock);
  meter.add(3_000_000);
  meter.sync();
  setUploadConsent(false, store);
  expect(uploadRecord(store, clock)).toEqual({ monthBytes: 3_000_000, consent: false });
  setUploadConsent(true, store);
  expect(uploadRecord(store, clock).consent).toBe(true);
});

test("a browser that lets the site store nothing has sent nothing, and says that an answer is lost", () => {
  const forbidden = (): never => {
    throw new DOMException("no", "SecurityError");
  };
  const store = { getItem: forbidden, setItem: forbidden };
  expect(uploadRecord(store, new FakeClock())).toEqual({ monthBytes: 0, consent: undefined });
  expect(() => setUploadConsent(true, store)).toThrow("no");
});
