import { FrameAnswers } from "./frame-answers.ts";

/** A track whose frames go to the capture worker over `port`, one for each that it asks for. */
export interface TakenTrack {
  /** For the worker. */
  readonly port: MessagePort;
  /** Frees what takes the frames. The track stays as it is. */
  stop(): void;
}

/** Sample frames of one block of sound: 21 ms at 48 kHz. */
const BLOCK_FRAMES = 1_024;
/** Blocks that wait to be asked for, at most: a second. The oldest goes, and silence takes its place. */
const MAX_BLOCKS = 48;

/**
 * The pictures of a track, without MediaStreamTrackProcessor: a `<video>` shows it, and the worker gets the newest picture when it asks.
 * A hidden page is told of no pictures, so there an ask that has waited looks whether one has come.
 */
export function takePictures(track: MediaStreamTrack): TakenTrack {
  const video = document.createElement("video");
  video.muted = true;
  video.playsInline = true;
  let isTold = false;
  let lastTime = -1;
  let callback = 0;
  const isTelling = "requestVideoFrameCallback" in video;
  const channel = new MessageChannel();
  const stop = (): void => {
    answers.stop();
    if (isTelling) video.cancelVideoFrameCallback(callback);
    video.srcObject = null;
    track.removeEventListener("ended", onEnded);
  };
  const answers = new FrameAnswers<VideoFrame>(channel.port1, {
    take: (isAgain) => {
      // Not at every ask: where this time runs on between pictures, one would follow the other without end.
      const isLooking = isAgain && (document.hidden || !isTelling);
      const isNew = isTold || (isLooking && video.currentTime !== lastTime);
      if (!isNew || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return undefined;
      try {
        const frame = new VideoFrame(video, { timestamp: Math.round(performance.now() * 1000) });
        isTold = false;
        lastTime = video.currentTime;
        return frame;
      } catch {
        return undefined; // WebKit has no data at times, whatever readyState says: the next ask finds some
      }
    },
    onStop: stop,
  });
  const onPicture = (): void => {
    callback = video.requestVideoFrameCallback(onPicture);
    isTold = true;
    answers.offer();
  };
  const onEnded = (): void => answers.end();
  track.addEventListener("ended", onEnded);
  if (track.readyState === "ended") onEnded();
  if (isTelling) callback = video.requestVideoFrameCallback(onPicture);
  video.srcObject = new MediaStream([track]);
  // It plays when the track gives something; without that no picture comes, and the worker says so.
  void video.play().catch(() => undefined);
  return { port: channel.port2, stop };
}

/**
 * The sound of a track, without MediaStreamTrackProcessor. By a ScriptProcessorNode, on the page's own thread: an AudioWorklet wants a script
 * by an address, which bundlers may make a `data:` URL of, and which a policy of `script-src 'self'` refuses.
 */
export function takeSound(track: MediaStreamTrack): TakenTrack {
  const context = new AudioContext();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const processor = context.createScriptProcessor(BLOCK_FRAMES, 2, 1);
  const blocks: AudioData[] = [];
  const channel = new MessageChannel();
  const stop = (): void => {
    answers.stop();
    processor.onaudioprocess = null;
    source.disconnect();
    processor.disconnect();
    void context.close().catch(() => undefined);
    for (const block of blocks.splice(0)) block.close();
    track.removeEventListener("ended", onEnded);
  };
  const answers = new FrameAnswers<AudioData>(channel.port1, { take: () => blocks.shift(), onStop: stop });
  const onEnded = (): void => answers.end();
  track.addEventListener("ended", onEnded);
  if (track.readyState === "ended") onEnded();
  processor.onaudioprocess = ({ inputBuffer }) => {
    blocks.push(blockOf(inputBuffer));
    if (blocks.length > MAX_BLOCKS) blocks.shift()?.close();
    answers.offer();
  };
  source.connect(processor);
  // It runs only on the way to somewhere; nothing is written to its output, which is silence.
  processor.connect(context.destination);
  // One that was made without a click may wait for it; whoever captures a microphone needs none.
  void context.resume().catch(() => undefined);
  return { port: channel.port2, stop };
}

function blockOf(sound: AudioBuffer): AudioData {
  const { length, numberOfChannels, sampleRate } = sound;
  const data = new Float32Array(length * numberOfChannels);
  for (let channel = 0; channel < numberOfChannels; channel++) {
    data.set(sound.getChannelData(channel), channel * length);
  }
  return new AudioData({
    format: "f32-planar",
    sampleRate,
    numberOfFrames: length,
    numberOfChannels,
    timestamp: Math.round(performance.now() * 1000),
    data,
  });
}
