import { RelayError } from "../model/errors.ts";
import { count, type Fields, isFields, malformed, milliseconds, text } from "../model/fields.ts";
import { checkName } from "../model/ids.ts";
import type { StreamOptions } from "../model/options.ts";
import { MAX_DVR_WINDOW_MS, MAX_TITLE_LENGTH, MIN_DVR_WINDOW_MS } from "../model/storage.ts";
import { type DiagnosticAsk, isDiagnostic } from "./diagnostics.ts";
import { epochOf, stepNumbers } from "./fields.ts";
import { type Ask, type RenditionStart, WIRE_VERSION } from "./messages.ts";
import { readStep } from "./read-step.ts";

/** Reads an ask of those who look into the relay; undefined where it is none. */
export type ReadDiagnostic = (fields: Fields) => DiagnosticAsk | undefined;

function titleOf(fields: Fields): string {
  if (typeof fields.title !== "string") throw malformed("title", "a string", fields.title);
  const title = fields.title.trim();
  if (title.length <= MAX_TITLE_LENGTH) return title;
  throw new RelayError("invalid-option", `title: expected at most ${MAX_TITLE_LENGTH} characters, got ${title.length}`);
}

function dvrWindowOf({ windowMs }: Fields): number {
  if (typeof windowMs !== "number") throw malformed("windowMs", "milliseconds", windowMs);
  if (windowMs >= MIN_DVR_WINDOW_MS && windowMs <= MAX_DVR_WINDOW_MS) return windowMs;
  throw new RelayError(
    "invalid-option",
    `windowMs: expected ${MIN_DVR_WINDOW_MS} to ${MAX_DVR_WINDOW_MS}, got ${windowMs}`,
  );
}

function keyOf(fields: Fields): string {
  const value = text(fields, "key");
  if (value !== "") return value;
  throw malformed("key", "a short string", value);
}

function startOf(value: unknown): RenditionStart {
  if (!isFields(value)) throw malformed("start", "an object", value);
  return {
    id: checkName(value.id, "rendition"),
    firstMsn: Math.max(1, count(value, "firstMsn")),
    firstPartId: count(value, "firstPartId"),
    discontinuitySequence: count(value, "discontinuitySequence"),
    initIndex: count(value, "initIndex"),
    ...(value.programDateTimeMs === undefined ? {} : { programDateTimeMs: milliseconds(value, "programDateTimeMs") }),
  };
}

function askOf(value: unknown, readDiagnostic: ReadDiagnostic | undefined): Ask {
  if (!isFields(value)) throw malformed("ask", "an object", value);
  const type = value.type as Ask["type"];
  switch (type) {
    case "hello":
    case "streams":
    case "claim":
    case "drain":
    case "activate":
      return { type };
    case "stats":
      return value.stream === undefined ? { type } : { type, stream: checkName(value.stream, "stream") };
    case "remove":
      return { type, stream: checkName(value.stream, "stream") };
    case "pin":
      return { type, stream: checkName(value.stream, "stream"), on: value.on === true };
    case "rename":
      return { type, stream: checkName(value.stream, "stream"), title: titleOf(value) };
    case "dvrWindow":
      return { type, windowMs: dvrWindowOf(value) };
    case "end":
      return {
        type,
        stream: checkName(value.stream, "stream"),
        epoch: epochOf(value),
        session: count(value, "session"),
        expected: stepNumbers(value.expected),
      };
    case "open": {
      const { options, starts } = value;
      if (!isFields(options)) throw malformed("options", "an object", options);
      if (!Array.isArray(starts) || starts.length > 64) throw malformed("starts", "at most 64 starts", starts);
      return {
        type,
        stream: checkName(value.stream, "stream"),
        epoch: epochOf(value),
        session: count(value, "session"),
        // Checked in full by the origin, which alone knows what options mean.
        options: options as unknown as StreamOptions,
        starts: Array.from(starts, startOf),
        ...(value.key === undefined ? {} : { key: keyOf(value) }),
      };
    }
    case "takeOver": {
      const { options } = value;
      if (!isFields(options)) throw malformed("options", "an object", options);
      return {
        type,
        stream: checkName(value.stream, "stream"),
        key: keyOf(value),
        options: options as unknown as StreamOptions,
      };
    }
    case "step":
      return {
        type,
        stream: checkName(value.stream, "stream"),
        epoch: epochOf(value),
        session: count(value, "session"),
        rendition: checkName(value.rendition, "rendition"),
        number: count(value, "number"),
        step: readStep(value.step),
      };
    default: {
      const ask = readDiagnostic?.(value);
      if (ask !== undefined) return ask;
      if (isDiagnostic(value))
        throw new RelayError("diagnostics-off", "expected a worker that was given diagnostics(), got one without");
      throw malformed("ask.type", "a known ask", type);
    }
  }
}

/**
 * Reads what a page sent. Without `readDiagnostic` nobody may look into the relay.
 * @throws RelayError `version-mismatch`, `malformed-message`, `invalid-name`, `part-too-large` or `diagnostics-off`
 */
export function readAsk(data: Fields & { readonly eddy: number }, readDiagnostic?: ReadDiagnostic): Ask {
  if (data.eddy !== WIRE_VERSION) {
    throw new RelayError(
      "version-mismatch",
      `this page speaks version ${data.eddy} and its worker version ${WIRE_VERSION}: reload the page`,
    );
  }
  return askOf(data.ask, readDiagnostic);
}
