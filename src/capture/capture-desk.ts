import { RelayError } from "../model/errors.ts";
import { isFields } from "../model/fields.ts";
import type { CaptureSession } from "./capture-session.ts";
import type { EncodingAsk, EncodingMeasure } from "./encoding-measure.ts";
import type { CaptureOptions, CaptureRequest, FromCaptureWorker, ToCaptureWorker } from "./messages.ts";
import { readToCapture } from "./read-to-capture.ts";

export interface CaptureDeskOptions {
  readonly post: (message: FromCaptureWorker) => void;
  /** @throws RelayError */
  readonly open: (source: CaptureRequest, options: CaptureOptions) => Promise<CaptureSession>;
  readonly measure: (ask: EncodingAsk) => Promise<readonly EncodingMeasure[]>;
}

/** Takes what the page says to the capture worker: one capture, from `open` to `ended`, or measurements. */
export class CaptureDesk {
  readonly #options: CaptureDeskOptions;
  #session: Promise<CaptureSession> | undefined;

  constructor(options: CaptureDeskOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong is told to the page. */
  async take(data: unknown): Promise<void> {
    const { post } = this.#options;
    let message: ToCaptureWorker;
    try {
      message = this.#read(data);
    } catch (thrown) {
      this.#refuse(data, failureOf(thrown));
      return;
    }
    try {
      await this.#do(message);
    } catch (thrown) {
      post({ type: "error", ...failureOf(thrown) });
      post({ type: "ended" });
    }
  }

  /** @throws RelayError as `readToCapture()`, and `conflict` */
  #read(data: unknown): ToCaptureWorker {
    const message = readToCapture(data);
    if (message.type === "open" && this.#session !== undefined)
      throw new RelayError("conflict", "expected one capture for each worker, it has one already");
    return message;
  }

  /** What nobody can read ends no capture that runs, and whoever waits for an answer has one. */
  #refuse(data: unknown, error: Failure): void {
    const { post } = this.#options;
    const id = askedId(data);
    if (id !== undefined) post({ type: "answer", id, error });
    else if (this.#session !== undefined) post({ type: "warning", ...error });
    else {
      post({ type: "error", ...error });
      post({ type: "ended" });
    }
  }

  async #do(message: ToCaptureWorker): Promise<void> {
    const { post, open, measure } = this.#options;
    switch (message.type) {
      case "open":
        this.#session = open(message.source, message.options);
        await this.#session;
        return;
      case "start":
        (await this.#session)?.start();
        return;
      case "ack":
        (await this.#session)?.ack(message.rendition);
        return;
      case "ask": {
        const { id, ask } = message;
        try {
          const session = await this.#session;
          if (session === undefined) throw new RelayError("closed", "expected a capture that runs, none was opened");
          await session.ask(ask);
          post({ type: "answer", id });
        } catch (thrown) {
          post({ type: "answer", id, error: failureOf(thrown) });
        }
        return;
      }
      case "measure":
        post({ type: "measured", measures: await measure(message.ask) });
        return;
      case "stop":
        (await this.#session)?.stop();
        return;
    }
  }
}

/** Who asks waits for the answer of this number, even where the rest cannot be read. */
function askedId(data: unknown): number | undefined {
  if (!isFields(data) || data.type !== "ask") return undefined;
  const { id } = data;
  return typeof id === "number" && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
}

type Failure = Pick<RelayError, "code" | "message">;

function failureOf(thrown: unknown): Failure {
  const { code, message } = RelayError.from(thrown);
  return { code, message };
}
