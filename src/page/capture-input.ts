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
  /** The browser asks which; it does so only right after a click. */
  | { readonly kind: "screen"; readonly frameRate?: number }
  /**
   * What the page has got already, as `requestMedia()` gives it. Its tracks belong to the capture from now on, which stops them at its end, and
   * where it cannot begin.
   */
  | { readonly kind: "stream"; readonly stream: MediaStream; readonly name?: "camera" | "screen" }
  /** Played in real time; with `loop` again and again. */
  | { readonly kind: "file"; readonly file: Blob; readonly loop?: boolean };

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

/** @throws RelayError `source-denied`, `source-missing`, `unsupported-browser` */
export async function openInput(source: CaptureSource, audio: boolean): Promise<CaptureInput> {
  const nothing = { transfer: [], release: () => undefined };
  switch (source.kind) {
    case "pattern":
      return { request: source, ...nothing };
    case "file":
      return { request: { kind: "file", file: source.file, loop: source.loop ?? false }, ...nothing };
    case "camera": {
      const processor = trackProcessor("a camera");
      const stream = await requestMedia(source, { audio });
      return { ...inputOf(stream, "camera", processor), ...(audio ? soundWarning(stream) : {}) };
    }
    case "screen": {
      const processor = trackProcessor("the screen");
      return inputOf(await requestMedia(source, { audio }), "screen", processor);
    }
    case "stream": {
      const { stream, name = "stream" } = source;
      try {
        return inputOf(stream, name, trackProcessor("a stream"));
      } catch (thrown) {
        release(stream);
        throw thrown;
      }
    }
  }
}

/**
 * Asks for a camera or a screen, so that it can be looked at before it is captured. A camera comes without sound where no microphone is found.
 * The tracks belong to the caller, until they are given to `startCapture()`.
 * @throws RelayError `source-denied`, `source-missing`, `unsupported-browser`
 */
export async function requestMedia(
  source: Extract<CaptureSource, { kind: "camera" | "screen" }>,
  options: { readonly audio?: boolean } = {},
): Promise<MediaStream> {
  const { audio = true } = options;
  const devices = navigator.mediaDevices;
  if (devices === undefined) {
    throw new RelayError("unsupported-browser", `expected a ${source.kind} to ask for, got a browser that gives none`);
  }
  if (source.kind === "camera") return await openCamera(source, audio, devices);
  const video = { frameRate: { ideal: source.frameRate ?? DEFAULT_FRAME_RATE } };
  return await granted("screen", devices.getDisplayMedia({ video, audio }));
}

async function openCamera(
  source: Extract<CaptureSource, { kind: "camera" }>,
  audio: boolean,
  devices: MediaDevices,
): Promise<MediaStream> {
  const { deviceId, microphoneId, width = 1280, height = 720, frameRate = DEFAULT_FRAME_RATE } = source;
  const video: MediaTrackConstraints = {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: frameRate },
    ...(deviceId === undefined ? {} : { deviceId: { exact: deviceId } }),
  };
  const sound: MediaTrackConstraints = microphoneId === undefined ? {} : { deviceId: { exact: microphoneId } };
  if (!audio) return await granted("camera", devices.getUserMedia({ video }));
  try {
    return await granted("camera", devices.getUserMedia({ video, audio: sound }));
  } catch (thrown) {
    if (!(thrown instanceof RelayError && thrown.code === "source-missing")) throw thrown;
    // A machine without a microphone still has a camera.
    return await granted("camera", devices.getUserMedia({ video }));
  }
}

function soundWarning(stream: MediaStream): { readonly warning?: RelayError } {
  if (stream.getAudioTracks().length > 0) return {};
  return { warning: new RelayError("source-missing", "no microphone was found: the stream has no sound") };
}

function release(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function inputOf(stream: MediaStream, name: string, processor: TrackProcessor<never>): CaptureInput {
  const [video] = stream.getVideoTracks();
  const [audio] = stream.getAudioTracks();
  if (video === undefined) {
    release(stream);
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
    release: () => release(stream),
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
