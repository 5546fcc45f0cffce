import type { Locks } from "./leadership.ts";

/** Locks as browsers have them: one holder, the others in a queue. */
export class FakeLocks implements Locks {
  readonly #locks = new Map<string, { held: boolean; readonly queue: (() => void)[] }>();

  async request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    held: (lock: unknown) => Promise<void>,
  ): Promise<unknown> {
    const lock = this.#locks.get(name) ?? { held: false, queue: [] };
    this.#locks.set(name, lock);
    if (lock.held && options.ifAvailable === true) return held(null);
    if (lock.held) {
      await new Promise<void>((resolve, reject) => {
        lock.queue.push(resolve);
        options.signal?.addEventListener("abort", () => {
          const at = lock.queue.indexOf(resolve);
          if (at >= 0) lock.queue.splice(at, 1);
          reject(options.signal?.reason);
        });
      });
    }
    lock.held = true;
    try {
      return await held({});
    } finally {
      lock.held = false;
      lock.queue.shift()?.();
    }
  }
}
