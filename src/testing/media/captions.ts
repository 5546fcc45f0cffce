import type { Bytes } from "../../model/bytes.ts";

/**
 * A whole WebVTT file of the time from `startMs` to `endMs`: one cue for each second that lies in it, with its time and the number of its first frame. A
 * cue that reaches over the end is in the next file again, the same.
 * @see WebVTT 4.1; draft-pantos-hls-rfc8216bis 3.1.4
 */
export function captionsOf(startMs: number, endMs: number, frameRate: number): Bytes {
  let text = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";
  for (let second = Math.floor(startMs / 1000); second * 1000 < endMs; second++) {
    const [from, to] = [timeOf(second), timeOf(second + 1)];
    text += `\n${from}.000 --> ${to}.000\n${from} · frame ${second * frameRate}\n`;
  }
  return new TextEncoder().encode(text);
}

function timeOf(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}
