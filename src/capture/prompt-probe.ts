import { closeCodec } from "./encoder-restarts.ts";
import { blackPicture } from "./video-probe.ts";

/** Some encoders in hardware hold two or three pictures back. */
const MAX_HELD = 8;
/** How long the first picture may take once so many are in the encoder: a machine that is busy is no encoder that waits. */
const PATIENCE_MS = 1_000;
/** Most encoders give the first picture without another one. */
const ALONE_MS = 100;

/**
 * Whether an encoder gives a picture before it has had many more. Firefox's of H.264 on Linux looks ahead by 41, which are 1.4 s at 30 Hz,
 * also where `latencyMode` is `realtime`.
 */
export async function givesPromptly(config: VideoEncoderConfig): Promise<boolean> {
  let settle: (isPrompt: boolean) => void = () => undefined;
  const first = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  const encoder = new VideoEncoder({ output: () => settle(true), error: () => settle(false) });
  try {
    encoder.configure(config);
    const give = (from: number, to: number): void => {
      for (let index = from; index < to; index++) {
        const picture = blackPicture(config, Math.round((index * 1e6) / (config.framerate ?? 30)));
        encoder.encode(picture, { keyFrame: index === 0 });
        picture.close();
      }
    };
    give(0, 1);
    if (await within(first, ALONE_MS)) return true;
    give(1, MAX_HELD);
    return await within(first, PATIENCE_MS);
  } catch {
    return false; // it failed, which is told by who uses it
  } finally {
    closeCodec(encoder);
  }
}

function within(first: Promise<boolean>, ms: number): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), ms));
  return Promise.race([first, late]);
}
