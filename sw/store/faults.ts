/**
 * Where a test may end the worker: before the store opens and is read, before a batch is taken, between its media and its head,
 * after it is on disk and before anybody is told, before the head of a removed stream goes, before other garbage is swept, and before media is read.
 */
export type FaultPoint = "open" | "load" | "batch" | "batch-half" | "batch-done" | "forget" | "sweep" | "read";

/**
 * A test's hook. What it throws stops the store for good, as a kill would; a promise holds the store up at this point (but at
 * `batch-half`, which is inside of a transaction).
 */
export type Faults = (point: FaultPoint) => void | Promise<void>;

/** The store is to behave as if it had been killed. */
export class FaultError extends Error {}

/** Marks what a hook throws as a fault, which nothing retries. */
export function guarded(faults: Faults): Faults {
  const asFault = (cause: unknown): never => {
    throw new FaultError("stopped by a fault", { cause });
  };
  return (point) => {
    try {
      return faults(point)?.catch(asFault);
    } catch (thrown) {
      return asFault(thrown);
    }
  };
}
