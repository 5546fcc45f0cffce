import { gzipSync } from "fflate";
import type { Bytes } from "../../src/model/bytes.ts";
import type { Group, Work } from "./measure.ts";
import { join, Producer } from "./playlists.bench.ts";

const sized = (name: string, { length }: Bytes): string => `${name} (${(length / 1024).toFixed(1)} KB)`;

function byFflate(name: string, playlist: Bytes): Work {
  return {
    name: `${sized(name, playlist)}, fflate gzipSync, level 6`,
    sizeBytes: playlist.length,
    run: () => gzipSync(playlist),
  };
}

function byStream(name: string, playlist: Bytes): Work {
  const run = async () => {
    const packed = new Blob([playlist]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Response(packed).arrayBuffer();
  };
  return { name: `${sized(name, playlist)}, CompressionStream`, sizeBytes: playlist.length, run };
}

const short = () => join(new Producer({ segments: 32, partsPerSegment: 8 }).manifest.render());
const fiveMinutes = () => join(new Producer({ segments: 150, partsPerSegment: 8 }).manifest.render());
const fourHours = () => join(new Producer({ segments: 7200, partsPerSegment: 8 }).manifest.render());
const delta = () => join(new Producer({ segments: 7200, partsPerSegment: 8 }).manifest.renderDelta() ?? []);

export const compression: Group = {
  title: "gzip of one playlist",
  about: "fflate runs on the thread and answers at once; CompressionStream runs beside it and answers when it is done.",
  works: [
    () => byFflate("32 x 8", short()),
    () => byStream("32 x 8", short()),
    () => byFflate("a delta of 7200 x 8", delta()),
    () => byStream("a delta of 7200 x 8", delta()),
    () => byFflate("150 x 8", fiveMinutes()),
    () => byStream("150 x 8", fiveMinutes()),
    () => byFflate("7200 x 8", fourHours()),
    () => byStream("7200 x 8", fourHours()),
  ],
};
