import { expect, test } from "vitest";
import type { StoredSegment } from "./stored-window.ts";
import { type Thumbnail, Thumbnails } from "./thumbnails.ts";

const segment = (index: number): StoredSegment => ({
  startS: index * 2,
  durationS: 2,
  url: `seg-${index}`,
  initUrl: "init",
});
const picture = (url: string): Thumbnail => ({ url }) as unknown as Thumbnail;

function slowReader() {
  const asked: { url: string; signal: AbortSignal; finish: () => void }[] = [];
  const thumbnails = new Thumbnails(
    ({ url }, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        asked.push({ url, signal, finish: () => resolve(picture(url)) });
      }),
  );
  return { thumbnails, asked };
}

test("one is made at a time: who moves on stops the one before, which is made anew when it is wanted again", async () => {
  const { thumbnails, asked } = slowReader();
  const done: string[] = [];
  const first = thumbnails.want(segment(0), () => done.push("first"));
  const second = thumbnails.want(segment(1), () => done.push("second"));
  void thumbnails.want(segment(1), () => done.push("again"));
  expect(asked.map(({ url, signal }) => [url, signal.aborted])).toEqual([
    ["seg-0", true],
    ["seg-1", false],
  ]);
  asked[1]?.finish();
  await Promise.all([first, second]);
  expect(done).toEqual(["second"]);
  expect([thumbnails.peek(segment(0)), thumbnails.isBlank(segment(0))]).toEqual([undefined, false]);
  expect(thumbnails.peek(segment(1))).toEqual(picture("seg-1"));
  void thumbnails.want(segment(0), () => {});
  expect(asked).toHaveLength(3);
});

test("a segment that cannot be read is not asked for again and again", async () => {
  let reads = 0;
  const thumbnails = new Thumbnails(async () => {
    reads += 1;
    throw new Error("damaged");
  });
  await thumbnails.want(segment(0), () => {});
  await thumbnails.want(segment(0), () => {});
  expect([reads, thumbnails.isBlank(segment(0))]).toEqual([1, true]);
});

test("the ones that were used last are kept, and no more than a few megabytes of them", async () => {
  const thumbnails = new Thumbnails(async ({ url }) => picture(url));
  for (let index = 0; index < 48; index++) await thumbnails.want(segment(index), () => {});
  thumbnails.peek(segment(0));
  await thumbnails.want(segment(48), () => {});
  expect(thumbnails.peek(segment(0))).toBeDefined();
  expect(thumbnails.peek(segment(1))).toBeUndefined();
  expect(thumbnails.peek(segment(48))).toBeDefined();
});
