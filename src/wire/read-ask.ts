import { RelayError } from "../model/errors.ts";
import { count, type Fields, isFields, malformed, milliseconds, text } from "../model/fields.ts";
import { checkName } from "../model/ids.ts";
import type { StreamOptions } from "../model/options.ts";
import { type DiagnosticAsk, isDiagnostic } from "./diagnostics.ts";
import { epochOf, stepNumbers } from "./fields.ts";
import { type Ask, type RenditionStart, WIRE_VERSION } from "./messages.ts";
import { readStep } from "./read-step.ts";
import { isStorageAsk, noDisk, type StorageAsk } from "./storage-asks.ts";

/** Read the asks that a worker only takes where it was given what answers them; undefined where it is another. */
export interface AskReaders {
  readonly diagnostic?: ((fields: Fields) => DiagnosticAsk | undefined) | undefined;
  readonly storage?: ((fields: Fields) => StorageAsk | undefined) | undefined;
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

function askOf(value: unknown, readers: AskReaders): Ask {
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
      const ask = readers.diagnostic?.(value) ?? readers.storage?.(value);
      if (ask !== undefined) return ask;
      if (isDiagnostic(value))
        throw new RelayError("diagnostics-off", "expected a worker that was given diagnostics(), got one without");
      if (isStorageAsk(value)) throw noDisk();
      throw malformed("ask.type", "a known ask", type);
    }
  }
}

/**
 * Reads what a page sent.
 * @throws RelayError `version-mismatch`, `malformed-message`, `invalid-name`, `part-too-large`; `diagnostics-off`, `store-unavailable`
 * where nothing reads such asks
 */
export function readAsk(data: Fields & { readonly eddy: number }, readers: AskReaders = {}): Ask {
  if (data.eddy !== WIRE_VERSION) {
    throw new RelayError(
      "version-mismatch",
      `this page speaks version ${data.eddy} and its worker version ${WIRE_VERSION}: reload the page`,
    );
  }
  return askOf(data.ask, readers);
}
