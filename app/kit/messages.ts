import { RelayError, type RelayErrorCode } from "eddy-hls";
import type { Sentences } from "../words/en/errors.ts";
import { words } from "../words/words.ts";
import { AppError } from "./app-error.ts";

export { AppError } from "./app-error.ts";

/** What went wrong, in two sentences: why, and what the person can do. */
export interface Explanation extends Sentences {
  readonly code: string;
  /** What the library or the player said, for a report. */
  readonly detail: string;
}

/** Anything that was thrown, as sentences for a person. */
export function explain(thrown: unknown): Explanation {
  const error = thrown instanceof AppError ? thrown : RelayError.from(thrown);
  return explainCode(error.code, error.message);
}

/** A code and what came with it, as sentences for a person. A code of another release counts as `internal`. */
export function explainCode(code: string, detail: string): Explanation {
  const { codes } = words.errors;
  const sentences: Sentences = Object.hasOwn(codes, code) ? codes[code as keyof typeof codes] : codes.internal;
  return { code, ...sentences, ...saidOfSource(code, detail), detail };
}

/** Of a file or a device the library knows more than a code can say, and says it in a sentence. */
function saidOfSource(code: string, detail: string): { readonly cause: string } | undefined {
  const ofSource = code === "unsupported-media" || code === "source-lost";
  return ofSource && /^[A-Z“"].*[.!?]$/s.test(detail) ? { cause: detail } : undefined;
}

/** A warning of something that goes on, as sentences for a person. */
export function explainWarning(code: RelayErrorCode, detail: string): Explanation {
  return { ...explainCode(code, detail), ...words.errors.warnings[code], ...saidOfSource(code, detail) };
}

/** Whether something was given up on purpose, which is no error. */
export function isAbort(thrown: unknown): boolean {
  return thrown instanceof DOMException && thrown.name === "AbortError";
}
