import { type Clock, systemClock } from "../model/clock.ts";
import { browserProbes, type MediaProbes } from "./encoder-choice.ts";
import { inspectFile } from "./file-inspect.ts";
import { describeTracks, planFile } from "./file-plan.ts";
import { openFiles } from "./file-queue.ts";
import { FileRun } from "./file-run.ts";
import type { FileSourceOptions, OpenSource } from "./source.ts";

/** What a file needs of its surroundings; injected for tests. */
export interface FileHost {
  readonly probes: MediaProbes;
  readonly clock: Clock;
}

/** What is done with a file's tracks, and why. */
export interface FileTreatment {
  readonly video?: "pass" | "encode";
  readonly audio?: "pass" | "encode";
  /** Sentences, in English: why a track is encoded anew or left out. */
  readonly reasons: readonly string[];
}

export interface OpenFileSource extends OpenSource {
  readonly treatment: FileTreatment;
}

const browserHost: FileHost = { probes: browserProbes, clock: systemClock };

/**
 * Opens a media file for publishing in real time: looks at its index and first minute, and decides whether its pictures can be passed
 * through as they are; its sound is, or else is encoded anew. The file is read as it plays. Undefined where the pictures have to be
 * encoded: `openFiles()` decodes them.
 *
 * @throws RelayError `unsupported-media` with a sentence for people: no media, empty, encrypted, no duration, or a codec that
 * this browser neither plays nor decodes; `source-lost` when the file cannot be read; `unsupported-browser` or
 * `encoder-failed` when it has to be encoded and cannot be; and the reason of `options.signal`
 */
export async function openFile(
  file: Blob,
  options: FileSourceOptions,
  host: FileHost = browserHost,
): Promise<OpenFileSource | undefined> {
  const inspected = await inspectFile(file, {
    audio: options.audio !== false,
    ...(options.signal && { signal: options.signal }),
  });
  try {
    const plan = await planFile(inspected, options, host.probes);
    if (plan.video?.plan.mode === "encode") {
      inspected.close();
      return undefined;
    }
    const tracks = await describeTracks(plan);
    options.signal?.throwIfAborted();
    return {
      tracks,
      partTargetMs: plan.partTargetMs,
      targetDurationMs: plan.targetDurationMs,
      treatment: {
        ...(plan.video && { video: plan.video.plan.mode }),
        ...(plan.audio && { audio: plan.audio.plan.mode }),
        reasons: plan.reasons,
      },
      start: (sink) =>
        new FileRun({
          file: inspected,
          plan,
          reopen: (fromUs) =>
            openFiles(
              { kind: "files", files: [{ file, name: options.name ?? "" }], loop: options.loop === true },
              { audio: options.audio !== false, fromUs },
              host.clock,
            ),
          sink,
          clock: host.clock,
          loop: options.loop === true,
        }),
    };
  } catch (thrown) {
    inspected.close();
    throw thrown;
  }
}

export { openFiles } from "./file-queue.ts";
