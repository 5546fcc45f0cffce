import { parseMediaPlaylist } from "../../../src/reader/playlist-reader.ts";
import { synthesize } from "../../../src/testing/media/synthetic-media.ts";
import type { SoakStream } from "../plan.ts";
import { numbersIn } from "./segment-numbers.ts";

export interface WindowFound {
  readonly rendition: string;
  readonly segments: number;
  readonly numbers: readonly number[];
  readonly problems: readonly string[];
}

/** Reads the DVR windows of a stream from end to end, which has ended unless its producer was `cut` off. */
export async function readWindows(stream: SoakStream, { cut = false } = {}): Promise<readonly WindowFound[]> {
  const media = await synthesize(stream.media);
  return Promise.all(
    media.renditions.map(async ({ id }) => {
      const url = new URL(`/live/${stream.name}/${id}/dvr.m3u8`, location.href).href;
      const response = await fetch(url);
      const text = await response.text();
      const playlist = parseMediaPlaylist(text, url);
      const numbers: number[] = [];
      const problems: string[] = [];
      if (!response.ok) problems.push(`its playlist answers ${response.status} ${text.slice(0, 80).trim()}`);
      else if (!playlist.ended && !cut) problems.push("its playlist has no end");
      const whole = playlist.segments.flatMap(({ gap, resource }) => (gap || resource === undefined ? [] : resource));
      // Behind the last segment, where nobody came to close one.
      const behind = (playlist.open?.parts ?? []).filter(({ gap }) => !gap);
      for (const { uri, range } of [...whole, ...behind]) {
        const { offsetBytes = 0, lengthBytes = 0 } = range ?? {};
        const headers = range && { range: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}` };
        const answer = await fetch(new URL(uri, url), headers && { headers });
        if (!answer.ok) problems.push(`${uri} answers ${answer.status}`);
        else {
          const piece = new Uint8Array(await answer.arrayBuffer());
          const found = numbersIn([piece], { id, media, partTargetMs: stream.partTargetMs });
          numbers.push(...found.numbers);
          if (found.problem !== undefined) problems.push(`${uri}: ${found.problem}`);
        }
      }
      return { rendition: id, segments: playlist.segments.length, numbers, problems };
    }),
  );
}
