import { browserProbes, chooseEncoders } from "./encoder-choice.ts";
import { type OpenLiveSource, openLive } from "./live-source.ts";
import { PatternPicture } from "./pattern-picture.ts";
import { patternTone } from "./pattern-tone.ts";
import type { SourceOptions } from "./source.ts";
import { FIRST_SLOT } from "./video-encoder.ts";

export interface PatternOptions extends SourceOptions {
  /** Default 640x360 at 30. */
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
  readonly videoBitrate?: number;
}

const SAMPLE_RATE = 48_000;
const CHANNELS = 2;
/** Sound is made this far ahead of the pictures, so that no part ever waits for it. */
const SOUND_AHEAD_MS = 60;

/** A test pattern with a clock in it and a tone beside it. @throws RelayError `unsupported-browser`, `encoder-failed` */
export async function openPattern(options: PatternOptions): Promise<OpenLiveSource> {
  const { width = 640, height = 360, frameRate = 30, videoBitrate, audio = true } = options;
  const choice = await chooseEncoders(
    {
      video: { width, height, frameRate, ...(videoBitrate === undefined ? {} : { bitrate: videoBitrate }) },
      ...(audio ? { audio: { sampleRate: SAMPLE_RATE, channels: CHANNELS } } : {}),
    },
    browserProbes,
  );
  const picture = new PatternPicture({ width, height });
  return await openLive({
    choice,
    frameRate,
    options,
    picture: picture.frame(Date.now(), FIRST_SLOT),
    feed: ({ wallMs }) => {
      let soundFrames = 0;
      return {
        driftMs: 0,
        // The time at which a picture is taken, and not when its slot was due: what a viewer measures against is the clock.
        frame: (slot) => picture.frame(Date.now(), slot),
        sound: (encoder, elapsedMs) => {
          const due = Math.floor(((elapsedMs + SOUND_AHEAD_MS) * SAMPLE_RATE) / 1000);
          // A machine that slept goes on with the present, as its pictures do.
          if (due - soundFrames > SAMPLE_RATE) soundFrames = due - SAMPLE_RATE;
          const span = {
            startFrame: soundFrames,
            frames: due - soundFrames,
            sampleRate: SAMPLE_RATE,
            channels: CHANNELS,
            wallStartMs: wallMs,
          };
          if (span.frames <= 0) return;
          encoder.encode(patternTone(span), soundFrames);
          soundFrames = due;
        },
        stop: () => undefined,
      };
    },
  });
}
