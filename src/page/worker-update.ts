import { systemClock } from "../model/clock.ts";
import { WorkerLink, type WorkerPort } from "./worker-link.ts";

/** A worker that was told to take over, and waits, has the old one's blocked requests answered so often. */
const DRAIN_EVERY_MS = 300;
const MAX_DRAINS = 30;

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
    // Overlapping blocked requests would keep the old worker from ever going.
    await link.ask({ type: "drain" });
    // It may answer only once it has taken over, which is what those that came in between hold up: players ask again at once.
    const activated = successor.ask({ type: "activate" });
    activated.catch(() => undefined);
    for (let drains = 0; drains < MAX_DRAINS && waiting.state === "installed" && signal?.aborted !== true; drains++) {
      await new Promise<void>((resolve) => systemClock.after(DRAIN_EVERY_MS, resolve));
      if (waiting.state === "installed") await link.ask({ type: "drain" });
    }
    await activated;
  } finally {
    successor.close();
  }
}
