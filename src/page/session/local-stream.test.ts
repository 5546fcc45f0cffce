import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { type AskEnvelope, WIRE_VERSION } from "../../wire/messages.ts";
import { WorkerLink } from "../worker-link.ts";
import { LocalStream } from "./local-stream.ts";
import { testCard } from "./session.test-support.ts";

/** A worker that answers when it is told to. */
function slowWorker(clock: FakeClock) {
  const asked: AskEnvelope[] = [];
  const listeners = new Set<(data: unknown) => void>();
  const link = new WorkerLink(
    {
      worker: { postMessage: (message) => asked.push(message as AskEnvelope) },
      onMessage: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    clock,
  );
  const answer = async (): Promise<void> => {
    const { id, ask } = asked.at(-1) as AskEnvelope;
    const opened = {
      session: 1,
      expected: [{ rendition: "main", number: 0 }],
      starts: [],
      kept: [],
      persistence: "memory",
    };
    for (const listener of listeners)
      listener({ eddy: WIRE_VERSION, re: id, answer: ask.type === "open" ? opened : {} });
    await settled();
  };
  return { link, answer, types: () => asked.map(({ ask }) => ask.type) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function localStream() {
  const clock = new FakeClock();
  const worker = slowWorker(clock);
  let opened = 0;
  const local = new LocalStream({
    name: "studio",
    key: "key",
    context: { link: worker.link, clock, newEpoch: () => "e1", bufferAheadMs: () => undefined },
    localOptions: ({ options }) => options,
    wantInit: () => undefined,
    failed: () => undefined,
    opened: () => opened++,
    ended: () => undefined,
  });
  return { clock, worker, local, opened: () => opened };
}

test("opens the stream when its card comes, and lets go of it", async () => {
  const { worker, local, opened } = localStream();
  const taken = local.card(testCard());
  await settled();
  await worker.answer();
  await worker.answer();
  await taken;
  expect(worker.types()).toEqual(["takeOver", "open"]);
  expect(opened()).toBe(1);
  await local.close();
});

test("one that is left while it is opened is not opened under the page that leads next", async () => {
  const { worker, local, opened } = localStream();
  const taken = local.card(testCard());
  taken.catch(() => undefined);
  await settled();
  let isClosed = false;
  const closing = local.close().then(() => {
    isClosed = true;
  });
  await settled();
  // Its end is the hand-over: nothing may be on its way to the worker then.
  expect(isClosed).toBe(false);
  await worker.answer();
  await closing;
  await expect(taken).rejects.toMatchObject({ code: "closed" });
  expect(worker.types()).toEqual(["takeOver"]);
  expect(opened()).toBe(0);
});

test("a worker that gives no answer is not waited for", async () => {
  const { clock, local } = localStream();
  local.card(testCard()).catch(() => undefined);
  await settled();
  const closing = local.close();
  await settled();
  clock.advance(1_000);
  await closing;
});

test("what comes after it was left is not opened any more", async () => {
  const { worker, local } = localStream();
  await local.close();
  await expect(local.card(testCard())).rejects.toMatchObject({ code: "closed" });
  expect(worker.types()).toEqual([]);
});
