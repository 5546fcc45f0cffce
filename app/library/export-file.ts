import { AppError, isAbort } from "../kit/messages.ts";

/** The File System Access API, which Chromium alone has. @see https://wicg.github.io/file-system-access/ */
interface SaveFilePicker {
  showSaveFilePicker?(options: {
    readonly suggestedName: string;
    readonly types: readonly { readonly accept: Readonly<Record<string, readonly string[]>> }[];
  }): Promise<FileSystemFileHandle>;
}

export interface ExportProgress {
  readonly writtenBytes: number;
  /** Undefined where the answer does not say. */
  readonly totalBytes: number | undefined;
}

/** `written`: whole; `stopped`: nothing is left of it; `downloading`: the browser goes on with it by itself. */
export type ExportOutcome = "written" | "stopped" | "downloading";

/**
 * Writes what is at `url` to a file that the person chooses, as it is read: nothing but a piece of it is in memory. Where a page cannot write files, the
 * browser downloads it.
 * @throws AppError `export-failed`
 */
export async function exportFile(
  url: string,
  {
    fileName,
    signal,
    onProgress,
  }: {
    readonly fileName: string;
    readonly signal: AbortSignal;
    readonly onProgress: (progress: ExportProgress) => void;
  },
): Promise<ExportOutcome> {
  const picker = (window as SaveFilePicker).showSaveFilePicker;
  if (picker === undefined) return download(url);
  let handle: FileSystemFileHandle;
  try {
    handle = await picker.call(window, { suggestedName: fileName, types: [{ accept: { "video/mp4": [".mp4"] } }] });
  } catch (thrown) {
    if (isAbort(thrown)) return "stopped";
    return download(url); // not allowed here, as in some frames
  }
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) throw new Error(`expected a file, got ${response.status}`);
    const totalBytes = Number(response.headers.get("content-length")) || undefined;
    let writtenBytes = 0;
    const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        writtenBytes += chunk.byteLength;
        onProgress({ writtenBytes, totalBytes });
        controller.enqueue(chunk);
      },
    });
    // The file takes its place when it is closed: one that is given up leaves what was there before.
    await response.body.pipeThrough(counted).pipeTo(await handle.createWritable(), { signal });
    return "written";
  } catch (thrown) {
    if (signal.aborted) return "stopped";
    throw new AppError("export-failed", thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}

/** By a link without `download`: such a request would go past the worker, whose answer says by itself that it is a file. */
function download(url: string): "downloading" {
  const link = document.createElement("a");
  link.href = url;
  link.click();
  return "downloading";
}
