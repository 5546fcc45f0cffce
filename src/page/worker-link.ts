import { type Clock, systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { FaultOrder } from "../wire/diagnostics.ts";
import {
  type Answers,
  type Ask,
  type AskEnvelope,
  AskError,
  isEddyMessage,
  type Kept,
  readFault,
  readKept,
  WIRE_VERSION,
  type WireError,
} from "../wire/messages.ts";

/**
 * How long an ask may go unanswered. A worker that starts answers within 100 ms, and gives up a disk that cannot be read after 5 s;
 * two slow cores need room.
 */
const ASK_DEADLINE_MS = 8_000;

/** Where messages to the worker go, and where its answers come from. */
export interface WorkerPort {
  /** The worker that serves now; it changes when a new one takes over. */
  readonly worker: { postMessage(message: unknown, transfer: Transferable[]): void } | null;
  onMessage(listener: (data: unknown) => void): () => void;
}

/**
 * Of the last ask of this page: all links hear all answers, so no two asks may have one id. It begins anywhere, since another copy of
 * this library in the same page hears them too.
 */
let lastId = firstId();

interface Waiting {
  readonly settle: (answer: unknown, error?: WireError) => void;
}

/**
 * Asks the worker, and matches its answers. Messages go to the worker itself, since only those wake one that was
 * terminated; a port to it would go silent.
 */
export class WorkerLink {
  readonly #port: WorkerPort;
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiting>();
  readonly #keptListeners = new Set<(kept: Kept) => void>();
  readonly #faultListeners = new Set<(order: FaultOrder) => void>();
  readonly #unlisten: () => void;
  /** What waits for the end of a hold, in order; undefined while there is none. */
  #held: (() => void)[] | undefined;

  constructor(port: WorkerPort, clock: Clock = systemClock) {
    this.#port = port;
    this.#clock = clock;
    this.#unlisten = port.onMessage((data) => this.#receive(data));
  }

  /**
   * Asks once and waits for the answer.
   * @throws RelayError with the worker's code; `worker-unreachable` after the deadline; `closed` when the signal aborts
   */
  ask<T extends Ask["type"]>(
    ask: Extract<Ask, { type: T }>,
    options: { transfer?: Transferable[]; signal?: AbortSignal; deadlineMs?: number } = {},
  ): Promise<Answers[T]> {
    const { transfer = [], signal, deadlineMs = ASK_DEADLINE_MS } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(aborted());
      const { worker } = this.#port;
      if (worker === null) {
        return reject(new RelayError("worker-unreachable", "there is no active worker: it was unregistered"));
      }
      lastId += 1;
      const id = lastId;
      const cancel = this.#clock.after(deadlineMs, () => {
        done();
        reject(new RelayError("worker-unreachable", `"${ask.type}": no answer within ${deadlineMs} ms`));
      });
      const onAbort = (): void => {
        done();
        reject(aborted());
      };
      const done = (): void => {
        cancel();
        this.#waiting.delete(id);
        signal?.removeEventListener("abort", onAbort);
      };
      signal?.addEventListener("abort", onAbort);
      this.#waiting.set(id, {
        settle: (answer, error) => {
          done();
          if (error !== undefined) reject(new AskError(error));
          else resolve(answer as Answers[T]);
        },
      });
      const envelope: AskEnvelope = { eddy: WIRE_VERSION, id, ask };
      if (this.#held === undefined) worker.postMessage(envelope, transfer);
      // To whichever worker serves by then.
      else this.#held.push(() => this.#waiting.has(id) && this.#port.worker?.postMessage(envelope, transfer));
    });
  }

  /**
   * Sends nothing until what this returns is called, at the latest for so many ms; then all of it, in order. What a page publishes waits with it.
   * One hold at a time: a second one changes nothing.
   */
  hold(atMostMs: number): () => void {
    if (this.#held !== undefined) return () => undefined;
    const held: (() => void)[] = [];
    this.#held = held;
    const release = (): void => {
      cancel();
      if (this.#held !== held) return;
      this.#held = undefined;
      for (const send of held) send();
    };
    const cancel = this.#clock.after(atMostMs, release);
    return release;
  }

  /** Hears of what the worker has on disk, of any stream. Returns how to stop. */
  onKept(listener: (kept: Kept) => void): () => void {
    this.#keptListeners.add(listener);
    return () => this.#keptListeners.delete(listener);
  }

  /** Hears of what is to go wrong on purpose, of any stream. Returns how to stop. */
  onFault(listener: (order: FaultOrder) => void): () => void {
    this.#faultListeners.add(listener);
    return () => this.#faultListeners.delete(listener);
  }

  /** Stops listening; what waits is rejected with `closed`. */
  close(): void {
    this.#unlisten();
    this.#keptListeners.clear();
    this.#faultListeners.clear();
    for (const { settle } of [...this.#waiting.values()]) {
      settle(undefined, { code: "closed", message: "the relay was closed" });
    }
  }

  #hearKept(data: Parameters<typeof readKept>[0]): void {
    let kept: Kept | undefined;
    try {
      kept = readKept(data);
    } catch {
      return; // it says nothing: what is kept is asked for after a while
    }
    if (kept !== undefined) for (const listener of this.#keptListeners) listener(kept);
  }

  #hearFault(data: Parameters<typeof readFault>[0]): void {
    let order: FaultOrder | undefined;
    try {
      order = readFault(data);
    } catch {
      return; // nothing goes wrong that nobody can read
    }
    if (order !== undefined) for (const listener of this.#faultListeners) listener(order);
  }

  #receive(data: unknown): void {
    if (!isEddyMessage(data)) return;
    if (data.kept !== undefined) this.#hearKept(data);
    if (data.fault !== undefined) this.#hearFault(data);
    const waiting = this.#waiting.get(data.re as number);
    if (data.eddy === WIRE_VERSION) waiting?.settle(data.answer, data.error as WireError | undefined);
    else waiting?.settle(undefined, versionMismatch(data.eddy));
  }
}

/** A whole number below 2^52, with room behind it: ids stay exact, and two copies meet as good as never. */
function firstId(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return (high % 1024) * 2 ** 42 + low * 2 ** 10;
}

function aborted(): RelayError {
  return new RelayError("closed", "the caller aborted");
}

function versionMismatch(got: number): WireError {
  return {
    code: "version-mismatch",
    message: `this page speaks version ${WIRE_VERSION} and its worker version ${got}: close the other tabs and reload`,
  };
}
