import { requestMedia } from "eddy-hls";
import { type Explanation, explain, isAbort } from "../kit/messages.ts";
import { mayUseCamera } from "./devices.ts";
import { type Levels, measureLevels } from "./levels.ts";
import type { SourceChoice } from "./source-choice.ts";

/** A camera or a screen that is looked at before it goes live. */
export class SourcePreview {
  /** What is shown; undefined while nothing is. */
  stream: MediaStream | undefined;
  /** The browser asks whether it may. */
  asking = false;
  problem: Explanation | undefined;
  readonly #changed: () => void;
  readonly #levels: (levels: Levels) => void;
  #over = new AbortController();

  constructor(changed: () => void, levels: (levels: Levels) => void) {
    this.#changed = changed;
    this.#levels = levels;
  }

  /** Shows what can be shown without a question. */
  async follow(choice: SourceChoice): Promise<void> {
    this.close();
    const { signal } = this.#over;
    if (choice.kind === "camera" && (await mayUseCamera()) && !signal.aborted) await this.open(choice);
  }

  /** Asks for the camera or the screen, and shows it. */
  async open(choice: SourceChoice): Promise<void> {
    const request = mediaRequest(choice);
    if (request === undefined) return;
    this.close();
    const { signal } = this.#over;
    this.asking = true;
    this.#changed();
    try {
      const stream = await requestMedia(request, { audio: choice.audio });
      // Another one was chosen meanwhile: nobody shall stay filmed for that.
      if (signal.aborted) stopTracks(stream);
      else this.#show(stream, signal);
    } catch (thrown) {
      if (!signal.aborted && !isAbort(thrown)) this.problem = explain(thrown);
    }
    if (signal.aborted) return;
    this.asking = false;
    this.#changed();
  }

  /** Hands the stream over to who goes live with it, and forgets it. */
  take(): MediaStream | undefined {
    const { stream } = this;
    this.stream = undefined;
    this.close();
    return stream?.active === true ? stream : undefined;
  }

  /** Frees the devices. */
  close(): void {
    this.#over.abort();
    this.#over = new AbortController();
    if (this.stream !== undefined) stopTracks(this.stream);
    this.stream = undefined;
    this.asking = false;
    this.problem = undefined;
  }

  #show(stream: MediaStream, signal: AbortSignal): void {
    this.stream = stream;
    measureLevels(stream, this.#levels, signal);
    // No longer shared, or unplugged.
    stream.getVideoTracks()[0]?.addEventListener(
      "ended",
      () => {
        this.close();
        this.#changed();
      },
      { signal },
    );
  }
}

/** What to ask the browser for; undefined for a source that it need not be asked for. */
export function mediaRequest({ kind, cameraId, microphoneId }: SourceChoice) {
  if (kind === "screen") return { kind } as const;
  if (kind !== "camera") return undefined;
  return {
    kind,
    ...(cameraId === "" ? {} : { deviceId: cameraId }),
    ...(microphoneId === "" ? {} : { microphoneId }),
  } as const;
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
