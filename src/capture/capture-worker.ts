/// <reference lib="webworker" />
import { RelayError } from "../model/errors.ts";
import { CaptureSession } from "./capture-session.ts";
import { probeEncoding } from "./encoding-probe.ts";
import type { OpenFeed } from "./feed.ts";
import type { OpenFileSource } from "./file-source.ts";
import { openLive } from "./live-source.ts";
import {
  CAPTURE_PROTOCOL,
  type CaptureOptions,
  type CaptureRequest,
  type FromCaptureWorker,
  type ToCaptureWorker,
} from "./messages.ts";
import { openPattern } from "./pattern-source.ts";
import type { OpenSource } from "./source.ts";
import { openStream } from "./stream-source.ts";
import { mendAudioData } from "./webkit-gtk.ts";

/** Entry of the dedicated worker that captures and encodes: one capture, from `open` to `ended`. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

if (typeof AudioData !== "undefined") mendAudioData();

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
      expectProtocol(message.protocol);
      const { source, options } = message;
      session = openSource(source, options).then((open) => openSession(open, options));
      await session;
      return;
    }
    case "start":
      (await session)?.start();
      return;
    case "ack":
      (await session)?.ack(message.rendition);
      return;
    case "ask": {
      const { id, ask } = message;
      try {
        await (await session)?.ask(ask);
        post({ type: "answer", id });
      } catch (thrown) {
        const { code, message: text } = RelayError.from(thrown);
        post({ type: "answer", id, error: { code, message: text } });
      }
      return;
    }
    case "measure":
      expectProtocol(message.protocol);
      post({ type: "measured", measures: await probeEncoding(message.ask) });
      return;
    case "stop":
      (await session)?.stop();
      return;
  }
}

function expectProtocol(protocol: number): void {
  if (protocol === CAPTURE_PROTOCOL) return;
  throw new RelayError(
    "version-mismatch",
    `expected capture protocol ${CAPTURE_PROTOCOL}, got ${protocol}: reload the page`,
  );
}

function post(message: FromCaptureWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

function openSession(source: OpenSource, options: CaptureOptions): Promise<CaptureSession> {
  return CaptureSession.open({
    source,
    post,
    openFeed: (request) => openFeed(request, options),
    encode: (feed, { audio }) => openLive(feed, { ...options, ...source, renditions: [{}], audio }),
  });
}

async function openFeed(request: CaptureRequest, { audio }: CaptureOptions): Promise<OpenFeed> {
  switch (request.kind) {
    case "pattern":
      return openPattern(request);
    case "stream":
      return await openStream(request, { audio });
    case "files": {
      const { openFiles } = await fileRoom();
      return await openFiles(request, { audio });
    }
  }
}

async function openSource(request: CaptureRequest, options: CaptureOptions): Promise<OpenSource> {
  const passing = request.kind === "files" ? await openPassing(request, options) : undefined;
  return passing ?? (await openLive(await openFeed(request, options), options));
}

/** One file in one rendition, as it is, goes on air without being encoded, if its pictures allow. */
async function openPassing(
  { files, loop }: Extract<CaptureRequest, { kind: "files" }>,
  { renditions, partTargetMs, targetDurationMs, audio }: CaptureOptions,
): Promise<OpenFileSource | undefined> {
  const [first, ...more] = files;
  const [rendition = {}, ...others] = renditions;
  const isAsItIs = others.length === 0 && rendition.height === undefined && rendition.frameRate === undefined;
  if (first === undefined || more.length > 0 || !isAsItIs) return undefined;
  const { openFile } = await fileRoom();
  return await openFile(first.file, { partTargetMs, targetDurationMs, audio, loop, name: first.name });
}

/** A demuxer is as large as all the rest, and only files need it. */
const fileRoom = () => import("./file-source.ts");
