import type { SoundBlock } from "./audio-encoder.ts";

const TONE_HZ = 440;
const TONE_LEVEL = 0.05;
const BEEP_HZ = 880;
const BEEP_LEVEL = 0.25;
const BEEP_MS = 60;

export interface ToneSpan {
  /** Sample frames from the start of the stream. */
  readonly startFrame: number;
  readonly frames: number;
  readonly sampleRate: number;
  readonly channels: number;
  /** Wall clock of frame 0, so that the beeps begin with the seconds that the picture shows. */
  readonly wallStartMs: number;
}

/** A soft tone and a beep at each full second, a function of time alone, so that each span joins the one before it without a click. */
export function patternTone({ startFrame, frames, sampleRate, channels, wallStartMs }: ToneSpan): SoundBlock {
  const samples = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    const frame = startFrame + i;
    const seconds = frame / sampleRate;
    const sinceBeepMs = (wallStartMs + seconds * 1000) % 1000;
    const beep =
      sinceBeepMs < BEEP_MS
        ? Math.sin(Math.PI * (sinceBeepMs / BEEP_MS)) * Math.sin(2 * Math.PI * BEEP_HZ * seconds)
        : 0;
    samples[i] = TONE_LEVEL * Math.sin(2 * Math.PI * TONE_HZ * seconds) + BEEP_LEVEL * beep;
  }
  return Array.from({ length: channels }, () => samples);
}
