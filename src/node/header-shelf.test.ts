import { describe, expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { HeaderShelf } from "./header-shelf.ts";

const key = (msn: number, part: number, rendition = 0) => ({ rendition, msn, part });
const header = (n: number) => Uint8Array.of(n);
const FOREVER = new AbortController().signal;

function shelf() {
  const clock = new FakeClock();
  return { clock, shelf: new HeaderShelf({ clock, deadlineMs: 3_000 }) };
}

describe("get()", () => {
  test("answers what is there, and waits for what comes next", async () => {
    const { shelf: headers, clock } = shelf();
    headers.put(key(5, 0), header(1));
    expect(await headers.get(key(5, 0), FOREVER)).toEqual(header(1));
    const [next, opens] = [headers.get(key(5, 1), FOREVER), headers.get(key(6, 0), FOREVER)];
    expect(headers.waiting).toBe(2);
    headers.put(key(5, 1), header(2));
    expect(await next).toEqual(header(2));
    headers.put(key(6, 0), header(3));
    expect(await opens).toEqual(header(3));
    expect([headers.waiting, clock.pending]).toEqual([0, 0]);
  });

  test("has nothing of what is gone, too far ahead, skipped, missing or after the end", async () => {
    const { shelf: headers } = shelf();
    headers.put(key(5, 0), header(1));
    expect(await headers.get(key(4, 9), FOREVER)).toBeUndefined();
    expect(await headers.get(key(8, 0), FOREVER)).toBeUndefined();
    const skipped = headers.get(key(5, 7), FOREVER);
    const missing = headers.get(key(6, 0), FOREVER);
    const last = headers.get(key(6, 1), FOREVER);
    headers.put(key(6, 0), undefined);
    expect([await skipped, await missing]).toEqual([undefined, undefined]);
    headers.end(0);
    expect(await last).toBeUndefined();
    expect(await headers.get(key(6, 1), FOREVER)).toBeUndefined();
    expect(await headers.get(key(5, 0), FOREVER)).toEqual(header(1));
  });

  test("gives up after its deadline, and with its signal", async () => {
    const { shelf: headers, clock } = shelf();
    const late = headers.get(key(1, 0), FOREVER);
    const aborter = new AbortController();
    const left = headers.get(key(1, 0), aborter.signal);
    aborter.abort();
    expect(await left).toBeUndefined();
    clock.advance(3_000);
    await expect(late).rejects.toMatchObject({ code: "deadline" });
    expect(headers.waiting).toBe(0);
  });

  test("keeps renditions apart, and at most as many as its cap", async () => {
    const { shelf: headers } = shelf();
    for (let n = 0; n < 5_000; n++) headers.put(key(n, 0), header(n % 256));
    headers.put(key(0, 0, 1), header(7));
    expect(await headers.get(key(499, 0), FOREVER)).toBeUndefined();
    expect(await headers.get(key(500, 0), FOREVER)).toEqual(header(500 % 256));
    expect(await headers.get(key(0, 0, 1), FOREVER)).toEqual(header(7));
  });
});
