/** Long enough for a page to have shown what was asked of it. */
const AFTER_MS = 5_000;

const before = new Set<Promise<unknown>>();

/** The copy waits for this: what a person waits for has the network and the machine to itself. */
export function beforeOfflineCopy(promise: Promise<unknown>): void {
  before.add(promise);
  const settled = (): void => {
    before.delete(promise);
  };
  promise.then(settled, settled);
}

/**
 * Has the worker keep every file of the application, a while after the page has loaded: from then on all views open without a network. Files that
 * are kept already are not fetched again.
 */
export async function keepOfflineCopy(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, AFTER_MS));
  while (before.size > 0) await Promise.allSettled(before);
  const registration = await navigator.serviceWorker.getRegistration();
  // A new worker that waits has kept them all, and what the old one has to do now would keep it from going.
  if (signal.aborted || registration === undefined || registration.waiting !== null) return;
  registration.active?.postMessage({ shell: "keep" });
}
