import type { StorageStats } from "eddy-hls";
import { expect, test, vi } from "vitest";
import type { NoticeBoard } from "../kit/notice.ts";
import { StorageTrouble } from "./storage-trouble.ts";

const DAY_MS = 24 * 3_600_000;
const full = (atMs: number) =>
  ({ trouble: { code: "storage-full", message: "no room", atMs } }) as unknown as StorageStats;

function told(setItem: (key: string, value: string) => void, looks: readonly number[]): number {
  const stored = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => {
      setItem(key, value);
      stored.set(key, value);
    },
  });
  const show = vi.fn();
  const trouble = new StorageTrouble({ show } as unknown as NoticeBoard);
  for (const atMs of looks) trouble.look(full(atMs));
  return show.mock.calls.length;
}

const LOOKS = [5 * DAY_MS, 5 * DAY_MS + 2_000, 5 * DAY_MS + 4_000, 7 * DAY_MS];

test("trouble of the disk is told of once a day", () => {
  expect(told(() => undefined, LOOKS)).toBe(2);
});

test("and likewise where there is no room left to note that it was", () => {
  const refuse = (): never => {
    throw new DOMException("full", "QuotaExceededError");
  };
  expect(told(refuse, LOOKS)).toBe(2);
});
