import { checkNumber } from "../model/checks.ts";
import { RelayError } from "../model/errors.ts";
import { count, type Fields, isFields, malformed, text } from "../model/fields.ts";
import type { EncodingAsk } from "./encoding-measure.ts";
import {
  CAPTURE_PROTOCOL,
  type CaptureAsk,
  type CaptureOptions,
  type CaptureRenditionOptions,
  type CaptureRequest,
  type ToCaptureWorker,
} from "./messages.ts";

/** What a playlist may declare; a part without an end would be held in memory whole. */
const MAX_TARGET_MS = 60_000;
/** Each costs an encoder. */
const MAX_RENDITIONS = 8;
/** More than any picture that a codec's level has room for. */
const MAX_SIDE = 16_384;
const MAX_FRAME_RATE = 1_000;
const MAX_BITRATE = 1e10;
/** Of a queue; far more than anybody picks. */
const MAX_FILES = 10_000;

/**
 * Reads what a page says to its capture worker, before anything of it is believed.
 * @throws RelayError `malformed-message`, `version-mismatch`; `invalid-option` for what the page's caller may have asked for
 */
export function readToCapture(data: unknown): ToCaptureWorker {
  if (!isFields(data)) throw malformed("message", "an object", data);
  const type = data.type as ToCaptureWorker["type"];
  switch (type) {
    case "open":
      return { type, protocol: protocolOf(data), source: requestOf(data.source), options: optionsOf(data.options) };
    case "measure":
      return { type, protocol: protocolOf(data), ask: encodingOf(data.ask) };
    case "ack":
      return { type, rendition: text(data, "rendition") };
    case "ask":
      return { type, id: count(data, "id"), ask: askOf(data.ask) };
    case "start":
    case "stop":
      return { type };
    default:
      throw malformed("type", "a known message", type);
  }
}

/** Looked at first: what another version means by the rest nobody knows. @throws RelayError `version-mismatch` */
function protocolOf({ protocol }: Fields): number {
  if (protocol === CAPTURE_PROTOCOL) return CAPTURE_PROTOCOL;
  const got = typeof protocol === "number" ? protocol : typeof protocol;
  throw new RelayError(
    "version-mismatch",
    `expected capture protocol ${CAPTURE_PROTOCOL}, got ${got}: reload the page`,
  );
}

function requestOf(value: unknown): CaptureRequest {
  if (!isFields(value)) throw malformed("source", "an object", value);
  const kind = value.kind as CaptureRequest["kind"];
  switch (kind) {
    case "pattern":
      return {
        kind,
        ...optional(value, "width", [1, MAX_SIDE]),
        ...optional(value, "height", [1, MAX_SIDE]),
        ...optional(value, "frameRate", [1, MAX_FRAME_RATE]),
      };
    case "stream": {
      const { video, audio } = value;
      return {
        kind,
        video: framesOf<VideoFrame>(video),
        ...(audio === undefined ? {} : { audio: framesOf<AudioData>(audio) }),
        // 0 says that the track does not know.
        ...optional(value, "frameRate", [0, MAX_FRAME_RATE]),
        name: text(value, "name"),
      };
    }
    case "files": {
      const { files, loop } = value;
      if (!Array.isArray(files) || files.length < 1 || files.length > MAX_FILES)
        throw malformed("files", `1 to ${MAX_FILES} files`, files);
      return { kind, files: Array.from(files, fileOf), loop: loop === true };
    }
    default:
      throw malformed("source.kind", "a known source", kind);
  }
}

function framesOf<Frame>(value: unknown): ReadableStream<Frame> | MessagePort {
  if (value instanceof ReadableStream) return value as ReadableStream<Frame>;
  if (value instanceof MessagePort) return value;
  throw malformed("source", "a stream of frames, or a port that gives them", value);
}

function fileOf(value: unknown): { readonly file: Blob; readonly name: string } {
  if (!isFields(value) || !(value.file instanceof Blob) || typeof value.name !== "string")
    throw malformed("files", "files with names", value);
  return { file: value.file, name: value.name };
}

function optionsOf(value: unknown): CaptureOptions {
  if (!isFields(value)) throw malformed("options", "an object", value);
  const { renditions } = value;
  if (!Array.isArray(renditions) || renditions.length < 1 || renditions.length > MAX_RENDITIONS)
    throw malformed("renditions", `1 to ${MAX_RENDITIONS} of them`, renditions);
  return {
    partTargetMs: checkNumber("partTargetMs", value.partTargetMs, 1, MAX_TARGET_MS),
    targetDurationMs: checkNumber("targetDurationMs", value.targetDurationMs, 1, MAX_TARGET_MS),
    renditions: Array.from(renditions, renditionOf),
    audio: value.audio !== false,
  };
}

function renditionOf(value: unknown): CaptureRenditionOptions {
  if (!isFields(value)) throw malformed("renditions", "objects", value);
  return {
    ...optional(value, "height", [0, Number.MAX_SAFE_INTEGER]),
    ...optional(value, "frameRate", [0, Number.MAX_SAFE_INTEGER]),
    ...optional(value, "videoBitrate", [1, MAX_BITRATE]),
  };
}

function askOf(value: unknown): CaptureAsk {
  if (!isFields(value)) throw malformed("ask", "an object", value);
  const kind = value.kind as CaptureAsk["kind"];
  switch (kind) {
    case "switch":
      return { kind, source: requestOf(value.source) };
    case "mute":
      return { kind, muted: value.muted === true };
    case "pause":
      if (typeof value.text !== "string") throw malformed("text", "a string", value.text);
      return { kind, paused: value.paused === true, text: value.text };
    case "next":
      return { kind };
    default:
      throw malformed("ask.kind", "a known ask", kind);
  }
}

function encodingOf(value: unknown): EncodingAsk {
  if (!isFields(value)) throw malformed("ask", "an object", value);
  return {
    width: checkNumber("width", value.width, 1, MAX_SIDE),
    height: checkNumber("height", value.height, 1, MAX_SIDE),
    frameRate: checkNumber("frameRate", value.frameRate, 1, MAX_FRAME_RATE),
  };
}

/** A number that need not be there. @throws RelayError `invalid-option` */
function optional<Key extends string>(
  fields: Fields,
  key: Key,
  [min, max]: readonly [min: number, max: number],
): Partial<Record<Key, number>> {
  if (fields[key] === undefined) return {};
  return { [key]: checkNumber(key, fields[key], min, max) } as Record<Key, number>;
}
