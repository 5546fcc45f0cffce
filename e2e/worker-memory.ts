import type { Browser, CDPSession } from "@playwright/test";

export interface WorkerMemory {
  /** JavaScript objects, those that nobody needs any more among them. */
  readonly heapBytes: number;
  /** What its buffers hold. */
  readonly bufferBytes: number;
}

/** Looks into the Service Worker of a site. */
export async function workerMemory(browser: Browser, site: string, collect = false): Promise<WorkerMemory> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { targetInfos } = await session.send("Target.getTargets", { filter: [{ type: "service_worker" }] });
    const target = targetInfos.find(({ type, url }) => type === "service_worker" && url.startsWith(site));
    if (target === undefined) throw new Error(`no worker of ${site} runs`);
    const { sessionId } = await session.send("Target.attachToTarget", { targetId: target.targetId, flatten: false });
    if (collect) await call(session, sessionId, "HeapProfiler.collectGarbage");
    const usage = await call(session, sessionId, "Runtime.getHeapUsage");
    return { heapBytes: Number(usage.usedSize), bufferBytes: Number(usage.backingStorageSize) };
  } finally {
    await session.detach();
  }
}

function call(session: CDPSession, sessionId: string, method: string): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    session.on("Target.receivedMessageFromTarget", (event) => {
      if (event.sessionId !== sessionId) return;
      const { id, result, error } = JSON.parse(event.message);
      if (id !== method.length) return;
      if (error === undefined) resolve(result);
      else reject(new Error(`${method}: ${error.message}`));
    });
    const message = JSON.stringify({ id: method.length, method });
    session.send("Target.sendMessageToTarget", { sessionId, message }).catch(reject);
  });
}
