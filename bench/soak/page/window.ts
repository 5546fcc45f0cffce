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

/** Reads the DVR windows of a stream that has ended, from end to end. */
export async function readWindows(stream: SoakStream): Promise<readonly WindowFound[]> {
  const media = await synthesize(stream.media);
  return Promise.all(
    media.renditions.map(async ({ id }) => {
      const url = new URL(`/live/${stream.name}/${id}/dvr.m3u8`, location.href).href;
      const response = await fetch(url);
      const playlist = parseMediaPlaylist(await response.text(), url);
      const numbers: number[] = [];
      const problems: string[] = [];
      if (!playlist.ended) problems.push(`its playlist answers ${response.status}, and has no end`);
      for (const { msn, gap, resource } of playlist.segments) {
        if (gap || resource === undefined) continue;
        const { offsetBytes = 0, lengthBytes = 0 } = resource.range ?? {};
        const headers = resource.range && { range: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}` };
        const answer = await fetch(new URL(resource.uri, url), headers && { headers });
        if (!answer.ok) problems.push(`segment ${msn} answers ${answer.status}`);
        else {
          const piece = new Uint8Array(await answer.arrayBuffer());
          const found = numbersIn([piece], { id, media, partTargetMs: stream.partTargetMs });
          numbers.push(...found.numbers);
          if (found.problem !== undefined) problems.push(`segment ${msn}: ${found.problem}`);
        }
      }
      return { rendition: id, segments: playlist.segments.length, numbers, problems };
    }),
  );
}
