/// <reference lib="webworker" />
import { CaptureDesk } from "./capture-desk.ts";
import { CaptureSession } from "./capture-session.ts";
import { probeEncoding } from "./encoding-probe.ts";
import type { OpenFeed } from "./feed.ts";
import type { OpenFileSource } from "./file-source.ts";
import { openLive } from "./live-source.ts";
import type { CaptureOptions, CaptureRequest, FromCaptureWorker } from "./messages.ts";
import { openPattern } from "./pattern-source.ts";
import type { OpenSource } from "./source.ts";
import { openStream } from "./stream-source.ts";
import { mendAudioData } from "./webkit-gtk.ts";

/** Entry of the dedicated worker that captures and encodes: one capture, from `open` to `ended`. */
const scope = self as unknown as DedicatedWorkerGlobalScope;

if (typeof AudioData !== "undefined") mendAudioData();

const desk = new CaptureDesk({
  post,
  open: async (source, options) => openSession(await openSource(source, options), options),
  measure: probeEncoding,
});

scope.addEventListener("message", ({ data }: MessageEvent<unknown>) => void desk.take(data));

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
