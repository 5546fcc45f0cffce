import type { OpenFeed } from "./feed.ts";
import { SOUND_AHEAD_MS } from "./feed.ts";
import { PatternPicture } from "./pattern-picture.ts";
import { patternTone } from "./pattern-tone.ts";
import { FIRST_SLOT } from "./video-encoder.ts";

export interface PatternOptions {
  /** Default 640x360 at 30. */
  readonly width?: number;
  readonly height?: number;
  readonly frameRate?: number;
}

/** A test pattern with a clock in it and a tone beside it. */
export function openPattern({ width = 640, height = 360, frameRate = 30 }: PatternOptions): OpenFeed {
  return {
    width,
    height,
    frameRate,
    sampleRate: 48_000,
    picture: (size) => new PatternPicture(size).frame(Date.now(), FIRST_SLOT),
    close: () => undefined,
    start: ({ size, line, start: { wallMs } }) => {
      const picture = new PatternPicture(size);
      return {
        driftMs: 0,
        // The time at which a picture is taken, and not when its slot was due: what a viewer measures against is the clock.
        frame: (slot) => picture.frame(Date.now(), slot),
        sound: (elapsedMs) => {
          if (line === undefined) return;
          const { sampleRate, channels } = line;
          const due = line.framesAt(elapsedMs + SOUND_AHEAD_MS);
          // A machine that slept goes on with the present, as its pictures do.
          const startFrame = Math.max(line.frames, due - sampleRate);
          const frames = due - startFrame;
          if (frames <= 0) return;
          line.put(patternTone({ startFrame, frames, sampleRate, channels, wallStartMs: wallMs }), startFrame);
        },
        stop: () => undefined,
      };
    },
  };
}
