import { browserProbes, chooseEncoders } from "./encoder-choice.ts";
import { closeCodec } from "./encoder-restarts.ts";
import type { EncodingAsk, EncodingMeasure } from "./encoding-measure.ts";

const HEIGHTS = [1080, 720, 480, 360];
/** All sizes together take a second: each as much of it as it has lines. */
const BUDGET_MS = 800;
const MIN_SHARE_MS = 80;
const MAX_FRAMES = 30;
/** In the encoder at once: as it is used. */
const MAX_QUEUED = 2;
/** An encoder that takes more than this of the time has nothing to spare for what else a machine does. */
const REALTIME_LOAD = 0.8;

/** See `measureEncoding()`. */
export async function probeEncoding(ask: EncodingAsk): Promise<readonly EncodingMeasure[]> {
  const { width, height, frameRate } = ask;
  const heights = [...new Set([height & ~1, ...HEIGHTS.filter((lines) => lines < height)])].sort((a, b) => b - a);
  const lines = heights.reduce((sum, each) => sum + each, 0);
  const measures: EncodingMeasure[] = [];
  for (const each of heights) {
    const size = { width: 2 * Math.round((width * each) / height / 2), height: each, frameRate };
    measures.push(await measure(size, Math.max(MIN_SHARE_MS, (BUDGET_MS * each) / lines)));
  }
  return measures;
}

async function measure(size: EncodingAsk, budgetMs: number): Promise<EncodingMeasure> {
  try {
    const { video } = await chooseEncoders({ video: size }, browserProbes);
    if (video === undefined) return { ...size, load: Number.POSITIVE_INFINITY, realtime: false };
    const load = ((await frameMs(video, budgetMs)) * size.frameRate) / 1000;
    return { ...size, codec: video.codec, load, realtime: load <= REALTIME_LOAD };
  } catch {
    return { ...size, load: Number.POSITIVE_INFINITY, realtime: false };
  }
}

/** What one frame takes, but for the first, which sets the encoder up. */
async function frameMs(config: VideoEncoderConfig, budgetMs: number): Promise<number> {
  const pictures = grainyPictures(config);
  let outputs = 0;
  let firstMs = 0;
  let lastMs = 0;
  let failure: DOMException | undefined;
  let wake = (): void => undefined;
  const encoder = new VideoEncoder({
    output: () => {
      lastMs = performance.now();
      if (outputs++ === 0) firstMs = lastMs;
      wake();
    },
    error: (error) => {
      failure = error;
      wake();
    },
  });
  try {
    encoder.configure(config);
    const startMs = performance.now();
    for (let frame = 0; frame < MAX_FRAMES; frame++) {
      while (failure === undefined && frame - outputs >= MAX_QUEUED && performance.now() - startMs < budgetMs * 4) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, budgetMs);
        });
      }
      if (failure !== undefined) throw failure;
      if (outputs > 1 && performance.now() - startMs > budgetMs) break;
      const data = pictures[frame % pictures.length] ?? new Uint8Array(0);
      const picture = new VideoFrame(data, {
        format: "I420",
        codedWidth: config.width,
        codedHeight: config.height,
        timestamp: Math.round((frame * 1e6) / (config.framerate ?? 30)),
      });
      encoder.encode(picture, { keyFrame: frame === 0 });
      picture.close();
    }
    await encoder.flush();
  } finally {
    closeCodec(encoder);
  }
  return outputs < 2 ? Number.POSITIVE_INFINITY : (lastMs - firstMs) / (outputs - 1);
}

/** What a camera gives: shapes that move, and grain. Four pictures, over and over. */
function grainyPictures({ width, height }: VideoEncoderConfig): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: 4 }, (_, step) => {
    const bytes = new Uint8Array(width * height + 2 * (width / 2) * (height / 2)).fill(128);
    let noise = step + 1;
    for (let at = 0; at < width * height; at++) {
      noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) | 0;
      const x = (at % width) + step * 6;
      const y = Math.floor(at / width);
      bytes[at] = 64 + (((x >> 5) ^ (y >> 5)) & 7) * 16 + ((noise >>> 28) & 7);
    }
    return bytes;
  });
}
