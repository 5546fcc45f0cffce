const LOOK_EVERY_MS = 50;
const ANSWER_MS = 5_000;

export interface Updated {
  /** From the new script's being there to its having taken over; absent where it has not. */
  readonly tookMs?: number;
  /** Number of the script that serves now, as it says itself. */
  readonly release?: number;
  /** What the new worker was doing in the end, where it has not taken over. */
  readonly state?: string;
}

/**
 * Looks for a new script of the worker as a tab does that is opened after a release, and waits until it has taken over. Only looks meanwhile: a
 * message of this page would be one that the old worker has to answer.
 */
export async function update(withinMs: number): Promise<Updated> {
  const registration = await navigator.serviceWorker.ready;
  const before = registration.active;
  const startMs = performance.now();
  await registration.update();
  while (registration.active === before || registration.active?.state !== "activated") {
    if (performance.now() > startMs + withinMs) {
      const { installing, waiting, active } = registration;
      return { state: (active !== before ? active : (waiting ?? installing))?.state ?? "none was found" };
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  const tookMs = performance.now() - startMs;
  const release = await releaseOf(registration.active);
  return { tookMs, ...(release === undefined ? {} : { release }) };
}

/** Whether a new worker is there that has not taken over. */
export async function isUpdating(): Promise<boolean> {
  const { installing, waiting, active } = await navigator.serviceWorker.ready;
  return installing !== null || waiting !== null || active?.state !== "activated";
}

/** Undefined where it says nothing. */
function releaseOf(worker: ServiceWorker): Promise<number | undefined> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<number>) => resolve(data);
    setTimeout(() => resolve(undefined), ANSWER_MS);
    worker.postMessage("release", [port2]);
  });
}
