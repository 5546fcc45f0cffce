import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** For tests only: a full garbage collection, as `--expose-gc` gives it, without a flag on the command line. */
const collect = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

/** Collects, and lets what was collected be told: a WeakRef holds until its job ends. */
export async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    collect();
    await setImmediate();
  }
}

/** Memory in use after a collection. */
export async function usedBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
