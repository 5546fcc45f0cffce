import type { CaptureOptions } from "eddy-hls";
import { AppError } from "../kit/messages.ts";
import type { Quality } from "./quality.ts";
import type { Sharing } from "./sharing.ts";
import type { SourceChoice } from "./source-choice.ts";
import { mediaRequest } from "./source-preview.ts";

/** What a person chose, complete. */
export interface PublishSettings {
  readonly name: string;
  readonly source: SourceChoice;
  readonly quality: Quality;
  readonly partTargetMs: number;
  readonly sharing: Sharing;
}

type CaptureSource = CaptureOptions["source"];

/**
 * What the library captures. `granted` is the camera or screen that has been looked at.
 * @throws AppError `no-file-chosen`
 */
export function captureSource(choice: SourceChoice, granted: MediaStream | undefined): CaptureSource {
  const { kind, files, loop } = choice;
  if (kind === "pattern") return { kind };
  if (kind === "file") {
    const [file] = files;
    if (file === undefined) throw new AppError("no-file-chosen", "the source is a file, and none was chosen");
    return files.length > 1 ? { kind: "files", files, loop } : { kind: "file", file, loop };
  }
  return granted === undefined ? (mediaRequest(choice) ?? { kind }) : { kind: "stream", stream: granted, name: kind };
}
