import { mkdirSync } from "node:fs";
import type { BrowserContext, TestInfo } from "@playwright/test";
import { ffmpeg, publishFile } from "./support.ts";

/** What ffmpeg makes test files of. */
export const PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=640x360:rate=30"];
export const SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"];
export const X264 = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-sc_threshold", "0"];

/** Has ffmpeg make `file`, and publishes it in a loop as the stream "film". */
export async function publishMade(
  context: BrowserContext,
  info: TestInfo,
  {
    file,
    args,
    partTargetMs,
  }: { readonly file: string; readonly args: readonly string[]; readonly partTargetMs: number },
): Promise<void> {
  mkdirSync(info.outputDir, { recursive: true });
  const path = info.outputPath(file);
  ffmpeg([...args, path]);
  await publishFile(context, { name: "film", path, partTargetMs });
}
