import type { Batch } from "../contract.ts";
import { type BatchResult, fetchPastWorker, runBatch } from "./batch.ts";

type Said =
  | { readonly say: "here"; readonly tab: string }
  | { readonly say: "run"; readonly id: number; readonly batch: Batch }
  | { readonly say: "done"; readonly id: number; readonly result: BatchResult }
  | { readonly say: "failed"; readonly message: string };

const CHANNEL = "bench";
const ANNOUNCE_MS = 200;
const DEADLINE_MS = 60_000;

/** What all tabs together did in one batch. */
export interface TabsResult {
  readonly latenciesMs: readonly number[];
  readonly wallMs: number;
}

/** A tab that runs what the first one says. */
export async function follow(): Promise<void> {
  const plainFetch = await fetchPastWorker();
  const channel = new BroadcastChannel(CHANNEL);
  const say = (said: Said): void => channel.postMessage(said);
  const tab = crypto.randomUUID();
  const announcing = setInterval(() => say({ say: "here", tab }), ANNOUNCE_MS);
  channel.addEventListener("message", ({ data }: MessageEvent<Said>) => {
    if (data.say !== "run") return;
    clearInterval(announcing);
    runBatch(data.batch, plainFetch).then(
      (result) => say({ say: "done", id: data.id, result }),
      (error: unknown) => say({ say: "failed", message: String(error) }),
    );
  });
}

/** The first tab, and those that follow it. */
export class Tabs {
  readonly #plainFetch: typeof fetch;
  readonly #channel = new BroadcastChannel(CHANNEL);
  #followers = 0;
  #lastId = 0;

  constructor(plainFetch: typeof fetch) {
    this.#plainFetch = plainFetch;
  }

  /** Resolves once `count` tabs are there, this one included. */
  async gather(count: number): Promise<void> {
    const seen = new Set<string>();
    if (count > 1) {
      await this.#until((said) => said.say === "here" && seen.add(said.tab).size === count - 1);
    }
    this.#followers = count - 1;
  }

  /** Runs a batch in every tab at the same time. */
  async run(batch: Batch): Promise<TabsResult> {
    this.#lastId += 1;
    const id = this.#lastId;
    const latenciesMs: number[] = [];
    let missing = this.#followers;
    const startMs = performance.now();
    const others =
      missing === 0
        ? undefined
        : this.#until((said) => {
            if (said.say !== "done" || said.id !== id) return false;
            latenciesMs.push(...said.result.latenciesMs);
            missing -= 1;
            return missing === 0;
          });
    if (others !== undefined) this.#channel.postMessage({ say: "run", id, batch } satisfies Said);
    const own = await runBatch(batch, this.#plainFetch);
    await others;
    return { latenciesMs: [...own.latenciesMs, ...latenciesMs], wallMs: performance.now() - startMs };
  }

  #until(done: (said: Said) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(deadline);
        this.#channel.removeEventListener("message", listen);
        outcome();
      };
      const listen = ({ data }: MessageEvent<Said>): void => {
        if (data.say === "failed") settle(() => reject(new Error(data.message)));
        else if (done(data)) settle(resolve);
      };
      const deadline = setTimeout(() => settle(() => reject(new Error("a tab does not answer"))), DEADLINE_MS);
      this.#channel.addEventListener("message", listen);
    });
  }
}
