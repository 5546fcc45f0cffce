import { afterEach, expect, test, vi } from "vitest";
import { FakeClock } from "../cache/fake-clock.test-support.ts";
import { WIRE_VERSION } from "../wire/messages.ts";
import type { WorkerPort } from "./worker-link.ts";

afterEach(() => {
  vi.resetModules();
});

/** A worker that answers each ask with the name of who asked, to all who listen: as one page's `navigator.serviceWorker` does. */
class SharedWorker {
  readonly #listeners = new Set<(data: unknown) => void>();
  readonly ids: number[] = [];
  readonly #asked: { readonly id: number; readonly by: string }[] = [];

  port(by: string): WorkerPort {
    return {
      worker: {
        postMessage: (message) => {
          const { id } = message as { readonly id: number };
          this.ids.push(id);
          this.#asked.push({ id, by });
        },
      },
      onMessage: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  answerAll(): void {
    for (const { id, by } of this.#asked.splice(0)) {
      const answer = { version: by, base: "/live/" };
      for (const listener of this.#listeners) listener({ eddy: WIRE_VERSION, re: id, answer });
    }
  }
}

async function freshCopy(): Promise<typeof import("./worker-link.ts")> {
  vi.resetModules();
  return import("./worker-link.ts");
}

test("two copies of the library in one page take no answers of each other", async () => {
  const worker = new SharedWorker();
  const [one, other] = [await freshCopy(), await freshCopy()];
  const links = [new one.WorkerLink(worker.port("one")), new other.WorkerLink(worker.port("other"))];
  const asked = links.flatMap((link) => [link.ask({ type: "hello" }), link.ask({ type: "hello" })]);
  worker.answerAll();
  expect((await Promise.all(asked)).map(({ version }) => version)).toEqual(["one", "one", "other", "other"]);
  expect(worker.ids.every(Number.isSafeInteger)).toBe(true);
  for (const link of links) link.close();
});

test("an answer of another version rejects with version-mismatch, and names both", async () => {
  const { WorkerLink } = await freshCopy();
  let hear: (data: unknown) => void = () => undefined;
  let id: unknown;
  const link = new WorkerLink({
    worker: {
      postMessage: (message) => {
        ({ id } = message as { id: unknown });
      },
    },
    onMessage: (listener) => {
      hear = listener;
      return () => undefined;
    },
  });
  const asked = link.ask({ type: "hello" });
  hear({ eddy: WIRE_VERSION + 1, re: id, answer: {} });
  await expect(asked).rejects.toMatchObject({
    code: "version-mismatch",
    message: expect.stringMatching(new RegExp(`version ${WIRE_VERSION} .*version ${WIRE_VERSION + 1}`)),
  });
  link.close();
});

test("asks that are held go out in order when they are let go, to whichever worker serves by then", async () => {
  const { WorkerLink } = await freshCopy();
  const worker = new SharedWorker();
  let serves = worker.port("old").worker;
  const link = new WorkerLink({
    get worker() {
      return serves;
    },
    onMessage: worker.port("").onMessage,
  });
  const letGo = link.hold(3_000);
  const asked = [link.ask({ type: "hello" }), link.ask({ type: "hello" })];
  const given = new AbortController();
  const aborted = link.ask({ type: "hello" }, { signal: given.signal });
  given.abort();
  await expect(aborted).rejects.toMatchObject({ code: "closed" });
  expect(worker.ids).toEqual([]);

  serves = worker.port("new").worker;
  letGo();
  expect(worker.ids).toHaveLength(2);
  expect(worker.ids[1]).toBe((worker.ids[0] ?? 0) + 1);
  worker.answerAll();
  expect((await Promise.all(asked)).map(({ version }) => version)).toEqual(["new", "new"]);
  link.close();
});

test("a hold that nobody lets go of ends by itself, and a second one does not make it longer", async () => {
  const { WorkerLink } = await freshCopy();
  const clock = new FakeClock();
  const worker = new SharedWorker();
  const link = new WorkerLink(worker.port("it"), clock);
  link.hold(3_000);
  const asked = link.ask({ type: "hello" });
  clock.advance(2_500);
  link.hold(3_000);
  expect(worker.ids).toEqual([]);
  clock.advance(500);
  expect(worker.ids).toHaveLength(1);
  worker.answerAll();
  await expect(asked).resolves.toMatchObject({ version: "it" });
  link.close();
});
