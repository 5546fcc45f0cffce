import type { CaptureRequest } from "../capture/messages.ts";
import { RelayError } from "../model/errors.ts";
import { loadCode } from "./load-code.ts";
import { requestMedia } from "./request-media.ts";
import type { TakenTrack } from "./track-frames.ts";

/** Where a capture takes its media from. */
export type CaptureSource =
  /** A test pattern with a readable clock and a tone. Default 640x360 at 30. */
  | { readonly kind: "pattern"; readonly width?: number; readonly height?: number; readonly frameRate?: number }
  /** Default 1280x720 at 30, or what the camera has that comes nearest. */
  | {
      readonly kind: "camera";
      readonly deviceId?: string;
      readonly microphoneId?: string;
      readonly width?: number;
      readonly height?: number;
      readonly frameRate?: number;
    }
  /**
   * The browser asks which; it does so only right after a click. `withSound` asks for its sound too, which not every screen has:
   * most browsers give that of a tab. Default: as the capture's `audio`.
   */
  | { readonly kind: "screen"; readonly withSound?: boolean; readonly frameRate?: number }
  /** What the page has got already: of `requestMedia()`, or of `canvas.captureStream()`. Its tracks belong to the capture from now on, which stops them at its end. */
  | { readonly kind: "stream"; readonly stream: MediaStream; readonly name?: "camera" | "screen" }
  /** Played in real time; with `loop` again and again. */
  | { readonly kind: "file"; readonly file: Blob; readonly loop?: boolean }
  /** One after the other in real time, all in the size of the first; with `loop` from the first again. */
  | { readonly kind: "files"; readonly files: readonly Blob[]; readonly loop?: boolean };

/** A source that was asked for and granted, ready to go to the worker. */
export interface CaptureInput {
  readonly request: CaptureRequest;
  readonly transfer: Transferable[];
  /** What a `<video>` can show; the capture goes on without it. */
  readonly preview?: MediaStream;
  /** Something is missing, and the capture goes on without it. */
  readonly warning?: RelayError;
  /** Gives the devices back. */
  release(): void;
}

/** Not in the lib yet: https://www.w3.org/TR/mediacapture-transform/ */
type TrackProcessor<Frame> = new (init: {
  readonly track: MediaStreamTrack;
  readonly maxBufferSize?: number;
}) => { readonly readable: ReadableStream<Frame> };

export interface InputWish {
  readonly audio: boolean;
  /** Lines of the largest picture that is encoded of it; 0 and absent: as it comes. */
  readonly height?: number;
}

/** @throws RelayError `source-denied`, `source-missing`, `unsupported-browser`, `code-unavailable` */
export async function openInput(source: CaptureSource, { audio, height = 0 }: InputWish): Promise<CaptureInput> {
  const nothing = { transfer: [], release: () => undefined };
  switch (source.kind) {
    case "pattern":
      return { request: height === 0 ? source : { ...sizeOf(height), ...source }, ...nothing };
    case "file":
      return { request: filesRequest([source.file], source.loop), ...nothing };
    case "files":
      if (source.files.length === 0) throw new RelayError("invalid-option", "files: expected one at least, got none");
      return { request: filesRequest(source.files, source.loop), ...nothing };
    case "camera":
      return await openCamera(height === 0 ? source : { ...sizeOf(height), ...source }, audio);
    case "screen":
      return await openScreen(source, audio);
    case "stream":
      return await openStream(source, audio);
  }
}

/** As wide as most cameras and players are. */
function sizeOf(height: number): { readonly width: number; readonly height: number } {
  return { width: Math.round((height * 16) / 9 / 2) * 2, height };
}

function filesRequest(files: readonly Blob[], loop = false): CaptureRequest {
  return {
    kind: "files",
    files: files.map((file, index) => ({ file, name: file instanceof File ? file.name : `file ${index + 1}` })),
    loop,
  };
}

async function openCamera(source: Extract<CaptureSource, { kind: "camera" }>, audio: boolean): Promise<CaptureInput> {
  expectFrames("a camera");
  const stream = await requestMedia(source, { audio });
  return await inputOf(stream, { name: "camera", audio, ...(audio ? { silent: "no microphone was found" } : {}) });
}

async function openScreen(source: Extract<CaptureSource, { kind: "screen" }>, audio: boolean): Promise<CaptureInput> {
  expectFrames("the screen");
  const stream = await requestMedia(source, { audio });
  const isMissed = audio && source.withSound === true;
  return await inputOf(stream, {
    name: "screen",
    audio,
    ...(isMissed ? { silent: "what was chosen to be shared gives no sound" } : {}),
  });
}

async function openStream(
  { stream, name = "camera" }: Extract<CaptureSource, { kind: "stream" }>,
  audio: boolean,
): Promise<CaptureInput> {
  try {
    expectFrames(`a ${name}`);
    return await inputOf(stream, { name, audio });
  } catch (thrown) {
    release(stream);
    throw thrown;
  }
}

interface InputOptions {
  /** For messages. */
  readonly name: string;
  readonly audio: boolean;
  /** Why there is no sound, where that is missed. */
  readonly silent?: string;
}

async function inputOf(stream: MediaStream, { name, audio, silent }: InputOptions): Promise<CaptureInput> {
  const [video] = stream.getVideoTracks();
  const [given] = audio ? stream.getAudioTracks() : [];
  // A device that was unplugged while its preview was looked at; browsers refuse to process what has ended.
  const hasEnded = given?.readyState === "ended";
  const sound = hasEnded ? undefined : given;
  if (video === undefined || video.readyState === "ended") {
    release(stream);
    const got = video === undefined ? "a stream without video" : "a stream whose video has ended";
    throw new RelayError("source-missing", `expected a picture of the ${name}, got ${got}`);
  }
  const why = hasEnded ? "its sound has ended" : silent;
  const frames = await framesOf(stream, video, sound);
  const { frameRate } = video.getSettings();
  return {
    request: {
      kind: "stream",
      name,
      video: frames.video,
      ...(frames.audio === undefined ? {} : { audio: frames.audio }),
      ...(frameRate === undefined ? {} : { frameRate }),
    },
    transfer: frames.audio === undefined ? [frames.video] : [frames.video, frames.audio],
    preview: stream,
    ...(why === undefined || sound !== undefined
      ? {}
      : { warning: new RelayError("source-missing", `${why}: the stream is silent`) }),
    release: () => {
      frames.stop();
      release(stream);
    },
  };
}

type StreamRequest = Extract<CaptureRequest, { kind: "stream" }>;

interface Frames extends Pick<StreamRequest, "video" | "audio"> {
  stop(): void;
}

/** The browser's own streams of frames, or what stands in for them where it has none. */
async function framesOf(stream: MediaStream, video: MediaStreamTrack, audio?: MediaStreamTrack): Promise<Frames> {
  const Processor = trackProcessor();
  if (Processor !== undefined) {
    const pictures: ReadableStream<VideoFrame> = new Processor({ track: video }).readable;
    const sound: ReadableStream<AudioData> | undefined = audio && new Processor({ track: audio }).readable;
    return { video: pictures, ...(sound === undefined ? {} : { audio: sound }), stop: () => undefined };
  }
  const taken: TakenTrack[] = [];
  const stop = (): void => {
    for (const each of taken) each.stop();
  };
  try {
    const { takePictures, takeSound } = await loadCode("capturing", import("./track-frames.ts"));
    const pictures = takePictures(video);
    taken.push(pictures);
    const sound = audio && takeSound(audio);
    if (sound !== undefined) taken.push(sound);
    return { video: pictures.port, ...(sound === undefined ? {} : { audio: sound.port }), stop };
  } catch (thrown) {
    stop();
    release(stream);
    throw thrown;
  }
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function trackProcessor(): TrackProcessor<never> | undefined {
  const processor: unknown = Reflect.get(globalThis, "MediaStreamTrackProcessor");
  return processor as TrackProcessor<never> | undefined;
}

/** @throws RelayError `unsupported-browser` */
function expectFrames(what: string): void {
  if (trackProcessor() !== undefined || typeof VideoFrame !== "undefined") return;
  throw new RelayError(
    "unsupported-browser",
    `expected MediaStreamTrackProcessor or VideoFrame, which publishing ${what} needs: this browser has neither`,
  );
}
