import { test } from "@playwright/test";
import { PICTURE, publishMade, SOUND, X264 } from "./made-files.ts";
import { expectLive } from "./support.ts";

const VP8 = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"];
const VP9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];

/** Short ones, which pass their loop several times while they are watched. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  // 2.53 s, so that sound and picture do not end together.
  "short.mp4": [...PICTURE, ...SOUND, "-t", "2.53", ...X264, "-g", "40", "-bf", "2", "-c:a", "aac"],
  // Nothing of it plays in MP4: both tracks are encoded anew.
  "vp8-vorbis.webm": [...PICTURE, ...SOUND, "-t", "4", ...VP8, "-g", "120", "-c:a", "libvorbis"],
  // VP9 and Opus pass from WebM into MP4.
  "vp9-opus.webm": [...PICTURE, ...SOUND, "-t", "4", ...VP9, "-g", "60", "-c:a", "libopus"],
  // Key frames 10 s apart: encoded anew.
  "long-gop.mp4": [...PICTURE, ...SOUND, "-t", "12", ...X264, "-g", "300", "-bf", "2", "-c:a", "aac"],
  // Frames of 33 and 67 ms by turns.
  "variable-rate.mp4": [
    ...[...PICTURE, ...SOUND, "-t", "6", "-vf", "select='not(eq(mod(n,5),3))'", "-fps_mode", "vfr"],
    ...[...X264, "-g", "48", "-bf", "2", "-c:a", "aac"],
  ],
  "mono.mkv": [...PICTURE, ...SOUND, "-t", "6", ...X264, "-g", "60", "-bf", "0", "-c:a", "aac", "-ac", "1"],
  "surround.mp4": [...PICTURE, ...SOUND, "-t", "6", ...X264, "-g", "60", "-bf", "2", "-c:a", "aac", "-ac", "6"],
  "audio-only.m4a": [...SOUND, "-t", "8", "-c:a", "aac"],
};

for (const [file, args] of Object.entries(FILES)) {
  test(`${file} is published in a loop and watched without a stall`, async ({ context }, info) => {
    test.setTimeout(90_000);
    await publishMade(context, info, { file, args, partTargetMs: 333 });
    await expectLive(context, info, {
      name: "film",
      viewers: 1,
      observedMs: 14_000,
      latencyMs: 2_000,
      audioOnly: file.startsWith("audio"),
    });
  });
}
