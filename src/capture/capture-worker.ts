/// <reference lib="webworker" />
import { RelayError } from "../model/errors.ts";
import { CaptureSession } from "./capture-session.ts";
import {
  CAPTURE_PROTOCOL,
  type CaptureOptions,
  type CaptureRequest,
  type FromCaptureWorker,
  type ToCaptureWorker,
} from "./messages.ts";
import { openPattern } from "./pattern-source.ts";
import type { OpenFile, OpenSource } from "./source.ts";
import { openStream } from "./stream-source.ts";

/** Entry of the dedicated worker that captures and encodes: one source, from `open` to `ended`. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

let session: Promise<CaptureSession> | undefined;

scope.addEventListener("message", ({ data }: MessageEvent<ToCaptureWorker>) => {
  void take(data).catch((thrown: unknown) => {
    const { code, message } = RelayError.from(thrown);
    post({ type: "error", code, message });
    post({ type: "ended" });
  });
});

async function take(message: ToCaptureWorker): Promise<void> {
  switch (message.type) {
    case "open": {
      if (message.protocol !== CAPTURE_PROTOCOL) {
        throw new RelayError(
          "version-mismatch",
          `expected capture protocol ${CAPTURE_PROTOCOL}, got ${message.protocol}: reload the page`,
        );
      }
      const { source, options } = message;
      session = openSource(source, options).then((open) => CaptureSession.open({ source: open, post }));
      await session;
      return;
    }
    case "start":
      (await session)?.start();
      return;
    case "ack":
      (await session)?.ack();
      return;
    case "ask":
      post({
        type: "answer",
        id: message.id,
        error: { code: "unsupported-media", message: `${message.ask.kind} is not there yet` },
      });
      return;
    case "measure":
      throw new RelayError("unsupported-media", "measuring is not there yet");
    case "stop":
      (await session)?.stop();
      return;
  }
}

function post(message: FromCaptureWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

async function openSource(source: CaptureRequest, options: CaptureOptions): Promise<OpenSource> {
  switch (source.kind) {
    case "pattern":
      return await openPattern({ ...options, ...options.renditions[0], ...source });
    case "stream":
      return await openStream(source, options);
    case "files": {
      const [first] = source.files;
      if (first === undefined) throw new RelayError("invalid-option", "files: expected one at least, got none");
      // A demuxer is as large as all the rest, and only files need it.
      const { openFile }: { readonly openFile: OpenFile } = await import("./file-source.ts");
      return await openFile(first.file, { ...options, loop: source.loop });
    }
  }
}
