import { expect, test } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { exchange, type FetchInit } from "./exchange.ts";

const asked = { kind: "playlist", url: "https://origin.test/a.m3u8", deadlineMs: 1_000, maxBytes: 1_000 } as const;

/** A body that never ends, and counts what was taken of it. */
function endless(chunkBytes: number): { readonly response: Response; readonly taken: () => number } {
  let takenBytes = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        takenBytes += chunkBytes;
        controller.enqueue(new Uint8Array(chunkBytes));
      },
    },
    { highWaterMark: 0 },
  );
  return { response: new Response(body), taken: () => takenBytes };
}

function networkOf(response: (url: string, init: FetchInit) => Promise<Response>, clock = new FakeClock()) {
  return { fetch: response, clock, headers: {} };
}

test("an answer that is longer than it may be is read no further, and is an error", async () => {
  const { response, taken } = endless(300);
  const network = networkOf(async () => response);
  await expect(exchange(network, { ...asked, signal: new AbortController().signal })).rejects.toBeInstanceOf(
    RangeError,
  );
  expect(taken()).toBe(1_200);
});

test("an answer that does not come, or does not end, is given up at its deadline", async () => {
  const answers = [
    () => new Promise<Response>(() => undefined),
    async () => new Response(new ReadableStream({ pull: () => new Promise<void>(() => undefined) })),
  ];
  for (const answer of answers) {
    const clock = new FakeClock();
    const failed = exchange(networkOf(answer, clock), { ...asked, signal: new AbortController().signal });
    failed.catch(() => undefined);
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    clock.advance(1_001);
    await expect(failed).rejects.toMatchObject({ name: "TimeoutError" });
  }
});
