import { AppError } from "../kit/messages.ts";

/** What a clip would be, as the relay says it. */
export interface ClipSize {
  readonly durationMs: number;
  readonly sizeBytes: number;
  /** It begins later than was asked. */
  readonly isCut: boolean;
}

/** Measures a clip without reading it; undefined where there is nothing in that range. */
export async function measureClip(url: string, signal: AbortSignal): Promise<ClipSize | undefined> {
  const response = await fetch(url, { method: "HEAD", signal });
  if (!response.ok) return undefined;
  const said = response.headers.get("eddy-clip") ?? "";
  return {
    durationMs: 1000 * Number(/duration=([\d.]+)/.exec(said)?.[1] ?? Number.NaN),
    sizeBytes: Number(response.headers.get("content-length")),
    isCut: /, cut\b/.test(said),
  };
}

/**
 * Reads a clip, and gives it to the browser as a file. A link that downloads would go past the worker, and could not be named.
 * @throws AppError `clip-failed`, and whatever the signal was aborted with
 */
export async function downloadClip(
  url: string,
  {
    name,
    signal,
    progress,
  }: {
    readonly name: string;
    readonly signal: AbortSignal;
    readonly progress: (doneBytes: number, sizeBytes: number) => void;
  },
): Promise<void> {
  const file = await readClip(url, signal, progress).catch((thrown: unknown) => {
    signal.throwIfAborted();
    throw thrown instanceof AppError ? thrown : new AppError("clip-failed", String(thrown), { cause: thrown });
  });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // By then the browser has begun to save it, which it finishes in any case.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function readClip(
  url: string,
  signal: AbortSignal,
  progress: (doneBytes: number, sizeBytes: number) => void,
): Promise<Blob> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null)
    throw new AppError(
      "clip-failed",
      `the relay answered ${response.status}: ${(await response.text()).slice(0, 200)}`,
    );
  const sizeBytes = Number(response.headers.get("content-length"));
  let doneBytes = 0;
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        doneBytes += chunk.byteLength;
        progress(doneBytes, sizeBytes);
        controller.enqueue(chunk);
      },
    }),
  );
  // The browser keeps a large one on disk.
  const file = await new Response(counted).blob();
  if (file.size !== sizeBytes) throw new AppError("clip-failed", `expected ${sizeBytes} bytes, got ${file.size}`);
  return new Blob([file], { type: "video/mp4" });
}
