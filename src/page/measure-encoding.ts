import type { EncodingAsk, EncodingMeasure } from "../capture/encoding-measure.ts";
import { CAPTURE_PROTOCOL, type ToCaptureWorker } from "../capture/messages.ts";
import { RelayError } from "../model/errors.ts";
import { loadCode } from "./load-code.ts";

export type { EncodingAsk, EncodingMeasure } from "../capture/encoding-measure.ts";

/** What is to be measured. */
export interface MeasureEncodingOptions extends EncodingAsk {
  /** Gives up measuring. */
  readonly signal?: AbortSignal;
}

const DEADLINE_MS = 5_000;

/**
 * Encodes moving, grainy pictures for a second at most, in a worker, and tells what of 1080, 720, 480 and 360 lines (and of the size
 * that was asked for), largest first, this machine encodes in real time. An estimate: other programs and other pictures move it.
 * @throws RelayError `unsupported-browser`, `invalid-option`, `deadline`, `code-unavailable`; the reason of `signal` when it aborts
 */
export async function measureEncoding({ signal, ...ask }: MeasureEncodingOptions): Promise<readonly EncodingMeasure[]> {
  signal?.throwIfAborted();
  if (typeof Worker === "undefined" || typeof VideoEncoder === "undefined")
    throw new RelayError("unsupported-browser", "expected WebCodecs (VideoEncoder): this browser has none here");
  const { hear, makeCaptureWorker, workerError } = await loadCode("measuring", import("./worker-capture.ts"));
  signal?.throwIfAborted();
  const worker = makeCaptureWorker();
  let late: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise<readonly EncodingMeasure[]>((resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      late = setTimeout(
        () => reject(new RelayError("deadline", `expected a measurement within ${DEADLINE_MS} ms`)),
        DEADLINE_MS,
      );
      worker.onerror = (event) => reject(workerError(event));
      hear(worker, (told) => {
        if (told instanceof RelayError) reject(told);
        else if (told.type === "measured") resolve(told.measures);
        else if (told.type === "error") reject(new RelayError(told.code, told.message));
      });
      const message: ToCaptureWorker = { type: "measure", protocol: CAPTURE_PROTOCOL, ask };
      worker.postMessage(message);
    });
  } finally {
    clearTimeout(late);
    worker.terminate();
  }
}
