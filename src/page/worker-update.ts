import { systemClock } from "../model/clock.ts";
import { WorkerLink, type WorkerPort } from "./worker-link.ts";

/** Within that time of the last part players have fetched it, and wait for the next. */
const SETTLE_MS = 300;
/** Pages send nothing for so long, and wait as long for the one that sees to the update: where its tab is closed meanwhile, the next one does. */
const SILENT_MS = 3_000;
/**
 * So often the old worker is drained until the new one has taken over: players ask it again meanwhile. Not more often, since it takes most of a second to
 * stop on a busy machine, and a drain that comes while it does starts it again.
 */
const DRAIN_EVERY_MS = 1_000;
const MAX_DRAINS = 3;

/** The way to a worker, whichever it is by now. */
export function portOf(workerNow: () => ServiceWorker | null): WorkerPort {
  return {
    get worker() {
      return workerNow();
    },
    onMessage(listener) {
      const container = navigator.serviceWorker;
      const onMessage = (event: MessageEvent): void => listener(event.data);
      container.addEventListener("message", onMessage);
      container.startMessages();
      return () => container.removeEventListener("message", onMessage);
    },
  };
}

/**
 * Lets a new worker take over where that drops no stream; otherwise it goes on waiting.
 *
 * Chromium stops the old worker first, once nothing is on its way to it, and tries that once: a message or a request that comes while it stops starts it
 * again, and the new one then waits for up to five minutes. So one page of the origin sees to it at a time, and all of them keep silent meanwhile: no part
 * comes, players wait for one, and an answer without one makes them wait before they ask again.
 * @throws RelayError as the workers say; an AbortError where another page sees to it
 */
export async function updateWorker(
  registration: ServiceWorkerRegistration,
  waiting: ServiceWorker,
  link: WorkerLink,
  signal?: AbortSignal,
): Promise<void> {
  const letGo = link.hold(SILENT_MS);
  const inTime = AbortSignal.timeout(SILENT_MS);
  const waits = signal === undefined ? inTime : AbortSignal.any([inTime, signal]);
  try {
    await navigator.locks.request(`eddy update ${registration.scope}`, { signal: waits }, () =>
      takeOver(registration, waiting, signal),
    );
  } finally {
    letGo();
  }
}

async function takeOver(
  registration: ServiceWorkerRegistration,
  waiting: ServiceWorker,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (waiting.state !== "installed") return;
  const incumbent = new WorkerLink(portOf(() => registration.active));
  const successor = new WorkerLink(portOf(() => waiting));
  try {
    const streams = await incumbent.ask({ type: "streams" });
    const isLive = streams.some(({ state }) => state === "live");
    // The successor goes on from the disk, and publishing pages send it what is not there yet.
    if (isLive && (await incumbent.ask({ type: "stats" })).persistence !== "disk") return;
    // It runs by then, and hears at once that it is to take over.
    await successor.ask({ type: "hello" }).catch((thrown: unknown) => {
      // One of another version would refuse the pages that are live.
      if (isLive) throw thrown;
    });
    await changed(waiting, SETTLE_MS);
    // It may answer only once it has taken over, and while it has not, asking it again changes nothing.
    successor.ask({ type: "activate" }).catch(() => undefined);
    for (let drains = 0; drains < MAX_DRAINS && waiting.state === "installed" && signal?.aborted !== true; drains++) {
      // Overlapping blocked requests would keep the old worker from ever going.
      await incumbent.ask({ type: "drain" });
      await changed(waiting, DRAIN_EVERY_MS);
    }
  } finally {
    incumbent.close();
    successor.close();
  }
}

/** Resolves when the worker goes on, at the latest after so many ms. */
function changed(worker: ServiceWorker, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancel();
      worker.removeEventListener("statechange", done);
      resolve();
    };
    const cancel = systemClock.after(withinMs, done);
    worker.addEventListener("statechange", done);
  });
}
