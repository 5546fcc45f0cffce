import { systemClock } from "../model/clock.ts";
import { WorkerLink, type WorkerPort } from "./worker-link.ts";

/** A worker that was told to take over, and waits, is told again so often. */
const TRY_EVERY_MS = 300;
const MAX_TRIES = 30;

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

/** Lets a new worker take over where that drops no stream; otherwise it goes on waiting. @throws RelayError as the workers say */
export async function updateWorker(waiting: ServiceWorker, link: WorkerLink, signal?: AbortSignal): Promise<void> {
  const successor = new WorkerLink(portOf(() => waiting));
  try {
    const streams = await link.ask({ type: "streams" });
    if (streams.some(({ state }) => state === "live")) {
      const { persistence } = await link.ask({ type: "stats" });
      // The successor goes on from the disk, and publishing pages send it what is not there yet.
      if (persistence !== "disk") return;
      // One of another version would refuse these pages: it throws here.
      await successor.ask({ type: "hello" });
    }
    for (let tries = 0; tries < MAX_TRIES && waiting.state === "installed" && signal?.aborted !== true; tries++) {
      // Overlapping blocked requests would keep the old worker from ever going.
      await link.ask({ type: "drain" });
      // Asked each time: an old worker that ended for it, and was started by the next request, is not told to go again.
      const activated = successor.ask({ type: "activate" });
      const passed = new Promise<void>((resolve) => systemClock.after(TRY_EVERY_MS, resolve));
      // It may answer only once it has taken over.
      activated.catch(() => undefined);
      await Promise.race([activated.then(() => passed), passed]);
    }
  } finally {
    successor.close();
  }
}
