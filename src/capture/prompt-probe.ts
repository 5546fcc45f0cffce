import { closeCodec } from "./encoder-restarts.ts";
import { blackPicture } from "./video-probe.ts";

/** Some encoders in hardware hold two or three pictures back. */
const MAX_HELD = 8;
/** How long the first picture may take once so many are in the encoder, in steps: a machine that is busy makes each of them longer, too. */
const STEP_MS = 50;
const STEPS = 20;
/** Most encoders give the first picture without another one. */
const STEPS_ALONE = 2;

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
    if (await within(first, STEPS_ALONE)) return true;
    give(1, MAX_HELD);
    return await within(first, STEPS);
  } catch {
    return false; // it failed, which is told by who uses it
  } finally {
    closeCodec(encoder);
  }
}

async function within(first: Promise<boolean>, steps: number): Promise<boolean> {
  const undecided = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, STEP_MS));
  for (let step = 0; step < steps; step++) {
    const isPrompt = await Promise.race([first, undecided()]);
    if (isPrompt !== undefined) return isPrompt;
  }
  return false;
}
