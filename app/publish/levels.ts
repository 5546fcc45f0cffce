import type { SoundLevel } from "eddy-hls";

export type Levels = readonly SoundLevel[];

/** As many are looked at: a preview of more would not tell a person more. */
const MAX_CHANNELS = 2;
const WINDOW_SAMPLES = 2048;

/** Loudness of samples from -1 to 1, in dB below full scale; of silence it is `-Infinity`. */
export function levelOf(samples: Float32Array): SoundLevel {
  let peak = 0;
  let squares = 0;
  for (const sample of samples) {
    peak = Math.max(peak, Math.abs(sample));
    squares += sample * sample;
  }
  return { peakDb: decibels(peak), rmsDb: decibels(Math.sqrt(squares / Math.max(1, samples.length))) };
}

const decibels = (amplitude: number): number => 20 * Math.log10(amplitude);

/** Tells how loud a stream is, with each picture of the page, until `signal` aborts. A stream without sound tells nothing. */
export function measureLevels(stream: MediaStream, tell: (levels: Levels) => void, signal: AbortSignal): void {
  const [track] = stream.getAudioTracks();
  if (track === undefined || signal.aborted) return;
  const context = new AudioContext();
  signal.addEventListener("abort", () => void context.close(), { once: true });
  // A page that has not been touched may not begin with sound by itself; it may once it is.
  for (const type of ["pointerdown", "keydown"]) {
    window.addEventListener(type, () => void context.resume(), { signal });
  }
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const channels = Math.min(MAX_CHANNELS, track.getSettings().channelCount ?? source.channelCount);
  const splitter = context.createChannelSplitter(channels);
  source.connect(splitter);
  const meters = Array.from({ length: channels }, (_, channel) => {
    const analyser = context.createAnalyser();
    analyser.fftSize = WINDOW_SAMPLES;
    splitter.connect(analyser, channel);
    return { analyser, samples: new Float32Array(WINDOW_SAMPLES) };
  });
  const look = (): void => {
    if (signal.aborted) return;
    tell(
      meters.map(({ analyser, samples }) => {
        analyser.getFloatTimeDomainData(samples);
        return levelOf(samples);
      }),
    );
    requestAnimationFrame(look);
  };
  look();
}
