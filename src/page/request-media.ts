import { RelayError } from "../model/errors.ts";
import type { CaptureSource } from "./capture-input.ts";

const DEFAULT_FRAME_RATE = 30;
/** Names of DOMException that mean a person or a policy said no; all others mean that there is nothing to capture. */
const DENIED = new Set(["NotAllowedError", "SecurityError", "PermissionDeniedError"]);

/**
 * Asks for a camera or a screen, so that it can be looked at before it is captured. Without sound where no microphone is found, or where what
 * is shared gives none. The tracks belong to the caller, until they are given to `startCapture()` or `switchSource()`.
 * @throws RelayError `source-denied`, `source-missing`, `unsupported-browser`
 */
export async function requestMedia(
  source: Extract<CaptureSource, { kind: "camera" | "screen" }>,
  options: {
    /** False asks for no sound. Default true. */
    readonly audio?: boolean;
  } = {},
): Promise<MediaStream> {
  const { audio = true } = options;
  const { mediaDevices } = navigator;
  // Browsers of phones have the one and not the other.
  if (mediaDevices === undefined || (source.kind === "screen" && !("getDisplayMedia" in mediaDevices))) {
    throw new RelayError(
      "unsupported-browser",
      `expected a browser that gives a ${source.kind}, got one that has none`,
    );
  }
  if (source.kind === "camera") return await requestCamera(source, audio, mediaDevices);
  const video = { frameRate: { ideal: source.frameRate ?? DEFAULT_FRAME_RATE } };
  const withSound = audio && source.withSound !== false;
  return await granted("screen", mediaDevices.getDisplayMedia({ video, audio: withSound }));
}

async function requestCamera(
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
