import type { Batch } from "../contract.ts";

export interface BatchResult {
  readonly latenciesMs: readonly number[];
}

/** Runs one batch: each fetch is timed from its call to the last byte of its body. */
export async function runBatch(batch: Batch, plainFetch: typeof fetch): Promise<BatchResult> {
  const { urls, plain, sizeBytes, concurrency, batchMs } = batch;
  const call = plain ? plainFetch : fetch;
  const latenciesMs: number[] = [];
  const endMs = performance.now() + batchMs;
  let next = 0;
  const loop = async (): Promise<void> => {
    do {
      const url = urls[next++ % urls.length] ?? "";
      const startMs = performance.now();
      const response = await call(url, { cache: "no-store" });
      const { byteLength } = await response.arrayBuffer();
      latenciesMs.push(performance.now() - startMs);
      if (byteLength !== sizeBytes) {
        throw new Error(`${url}: expected ${sizeBytes} bytes, got ${byteLength} with status ${response.status}`);
      }
    } while (performance.now() < endMs);
  };
  await Promise.all(Array.from({ length: concurrency }, loop));
  return { latenciesMs };
}

/** The `fetch` of a frame that lies outside of the worker's scope: its requests never meet the worker. */
export async function fetchPastWorker(): Promise<typeof fetch> {
  const frame = document.createElement("iframe");
  frame.src = "/plain.html";
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
  document.body.append(frame);
  await loaded;
  const { contentWindow } = frame;
  if (contentWindow === null) throw new Error("expected a frame with a window");
  if (contentWindow.navigator.serviceWorker.controller !== null) throw new Error("the plain frame has a worker");
  return contentWindow.fetch.bind(contentWindow);
}
