import {
  type Capture,
  type CaptureOptions,
  type CaptureSource,
  type LivePublication,
  measureEncoding,
  openRelay,
  publishCapture,
  type SoundLevel,
  startCapture,
} from "eddy-hls";
import { canvasStream } from "./canvas-stream.ts";

/** A source as a test names it: what is to be published of files stands in the page's input, and a canvas is made here. */
export type StudioSource =
  | CaptureSource
  | { readonly kind: "picked"; readonly loop?: boolean }
  | { readonly kind: "canvas" };

let capture: Capture | undefined;
let live: LivePublication | undefined;
const warnings: string[] = [];
let levels: (readonly SoundLevel[])[] = [];

function sourceOf(source: StudioSource): CaptureSource {
  if (source.kind === "canvas") return { kind: "stream", stream: canvasStream() };
  if (source.kind !== "picked") return source;
  const files = [...(document.querySelector<HTMLInputElement>("#files")?.files ?? [])];
  const [file] = files;
  if (file === undefined) throw new Error("no file was picked");
  const { loop = false } = source;
  return files.length === 1 ? { kind: "file", file, loop } : { kind: "files", files, loop };
}

function running(): Capture {
  if (capture === undefined) throw new Error("nothing is captured");
  return capture;
}

/** What a test does in the place of a person who publishes. */
export const studio = {
  measureEncoding,
  warnings,

  async start(name: string, options: Omit<CaptureOptions, "source"> & { readonly source: StudioSource }) {
    const relay = await openRelay({ worker: "/sw.js", base: "/live/" });
    capture = await startCapture({ ...options, source: sourceOf(options.source) });
    capture.addEventListener("warning", ({ detail }) => warnings.push(`${detail.code}: ${detail.message}`));
    capture.addEventListener("levels", ({ detail }) => levels.push(detail));
    live = await publishCapture({ relay, name, capture });
    live.ended.catch((error: Error) => warnings.push(`ended: ${error.message}`));
    return capture.renditions.map(({ init, ...rendition }) => rendition);
  },
  switchSource: (source: StudioSource) => running().switchSource(sourceOf(source)),
  setMuted: (muted: boolean) => running().setMuted(muted),
  setPaused: (paused: boolean) => running().setPaused(paused, { text: "Back soon" }),
  next: () => running().next(),
  stats: () => running().stats,
  hasPreview: () => running().preview !== undefined,
  /** Of the source that is on the air. */
  trackStates: () =>
    running()
      .preview?.getTracks()
      .map(({ readyState }) => readyState),
  stop: () => live?.stop(),

  /** The loudest of what comes in the time after now, in dB. */
  async peakDb(durationMs: number): Promise<number> {
    levels = [];
    await new Promise((resolve) => setTimeout(resolve, durationMs));
    return Math.max(...levels.flat().map(({ peakDb }) => peakDb));
  },
};

declare global {
  interface Window {
    studio: typeof studio;
  }
}
window.studio = studio;
