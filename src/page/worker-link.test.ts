import { afterEach, expect, test, vi } from "vitest";
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
