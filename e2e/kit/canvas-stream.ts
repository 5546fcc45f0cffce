import { PatternPicture } from "../../src/capture/pattern-picture.ts";
import { FIRST_SLOT } from "../../src/capture/video-encoder.ts";

/** What a page makes itself: a canvas that shows the test pattern with its clock, and a tone beside it at a quarter of full scale. */
export function canvasStream({ width = 640, height = 360, frameRate = 30 } = {}): MediaStream {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const pattern = new PatternPicture({ width, height });
  setInterval(() => {
    const picture = pattern.frame(Date.now(), FIRST_SLOT);
    context?.drawImage(picture, 0, 0);
    picture.close();
  }, 1000 / frameRate);
  const stream = canvas.captureStream(frameRate);
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const gain = audio.createGain();
  const out = audio.createMediaStreamDestination();
  gain.gain.value = 0.25;
  tone.connect(gain).connect(out);
  tone.start();
  for (const track of out.stream.getAudioTracks()) stream.addTrack(track);
  return stream;
}
