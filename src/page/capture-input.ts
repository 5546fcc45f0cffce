import type { CaptureRequest } from "../capture/messages.ts";
import { RelayError } from "../model/errors.ts";

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

const DEFAULT_FRAME_RATE = 30;

export interface InputWish {
  readonly audio: boolean;
  /** Lines of the largest picture that is encoded of it; 0 and absent: as it comes. */
  readonly height?: number;
}

/** @throws RelayError `source-denied`, `source-missing`, `unsupported-browser` */
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
  const processor = trackProcessor("a camera");
  const { deviceId, microphoneId, width = 1280, height = 720, frameRate = DEFAULT_FRAME_RATE } = source;
  const video: MediaTrackConstraints = {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: frameRate },
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  };
  const sound: MediaTrackConstraints = microphoneId === undefined ? {} : { deviceId: { exact: microphoneId } };
  const devices = navigator.mediaDevices;
  if (!audio) return inputOf(await granted("camera", devices.getUserMedia({ video })), "camera", processor);
  try {
    return inputOf(await granted("camera", devices.getUserMedia({ video, audio: sound })), "camera", processor);
  } catch (thrown) {
    if (!(thrown instanceof RelayError && thrown.code === "source-missing")) throw thrown;
    // A machine without a microphone still has a camera.
    const input = inputOf(await granted("camera", devices.getUserMedia({ video })), "camera", processor);
    return { ...input, warning: new RelayError("source-missing", "no microphone was found: the stream is silent") };
  }
}

async function openScreen(source: Extract<CaptureSource, { kind: "screen" }>, audio: boolean): Promise<CaptureInput> {
  const processor = trackProcessor("the screen");
  const video = { frameRate: { ideal: source.frameRate ?? DEFAULT_FRAME_RATE } };
  const withSound = audio && source.withSound !== false;
  const input = inputOf(
    await granted("screen", navigator.mediaDevices.getDisplayMedia({ video, audio: withSound })),
    "screen",
    processor,
  );
  if (!withSound || source.withSound === undefined || input.preview?.getAudioTracks().length !== 0) return input;
  const message = "what was chosen to be shared gives no sound: the stream is silent";
  return { ...input, warning: new RelayError("source-missing", message) };
}

function inputOf(stream: MediaStream, name: string, processor: TrackProcessor<never>): CaptureInput {
  const [video] = stream.getVideoTracks();
  const [audio] = stream.getAudioTracks();
  const release = () => {
    for (const track of stream.getTracks()) track.stop();
  };
  if (video === undefined) {
    release();
    throw new RelayError("source-missing", `expected a picture of the ${name}, got a stream without video`);
  }
  const pictures: ReadableStream<VideoFrame> = new processor({ track: video }).readable;
  const sound: ReadableStream<AudioData> | undefined = audio && new processor({ track: audio }).readable;
  const { frameRate } = video.getSettings();
  return {
    request: {
      kind: "stream",
      name,
      video: pictures,
      ...(sound === undefined ? {} : { audio: sound }),
      ...(frameRate === undefined ? {} : { frameRate }),
    },
    transfer: sound === undefined ? [pictures] : [pictures, sound],
    preview: stream,
    release,
  };
}

function trackProcessor(what: string): TrackProcessor<never> {
  const processor: unknown = Reflect.get(globalThis, "MediaStreamTrackProcessor");
  if (processor !== undefined && navigator.mediaDevices !== undefined) return processor as TrackProcessor<never>;
  throw new RelayError(
    "unsupported-browser",
    `expected MediaStreamTrackProcessor, which publishing ${what} needs: this browser has none`,
  );
}

/** Names of DOMException that mean a person or a policy said no; all others mean that there is nothing to capture. */
const DENIED = new Set(["NotAllowedError", "SecurityError", "PermissionDeniedError"]);

async function granted(name: string, asked: Promise<MediaStream>): Promise<MediaStream> {
  try {
    return await asked;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.name : String(thrown);
    if (DENIED.has(reason)) {
      throw new RelayError("source-denied", `the ${name} may not be used: permission was refused`, { cause: thrown });
    }
    const why = reason === "NotReadableError" ? "another program may be using it" : "none was found";
    throw new RelayError("source-missing", `the ${name} cannot be opened: ${why} (${reason})`, { cause: thrown });
  }
}
