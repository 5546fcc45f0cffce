import { RelayError } from "../model/errors.ts";
import { type Fields, malformed } from "../model/fields.ts";
import { checkName } from "../model/ids.ts";
import { MAX_DVR_WINDOW_MS, MAX_TITLE_LENGTH, MIN_DVR_WINDOW_MS } from "../model/storage.ts";

/** What a page may ask of a worker that keeps streams on disk. */
export type StorageAsk =
  | { readonly type: "pin"; readonly stream: string; readonly on: boolean }
  /** An empty title gives the stream back its name. */
  | { readonly type: "rename"; readonly stream: string; readonly title: string }
  /** What each stream keeps on disk from now on. */
  | { readonly type: "dvrWindow"; readonly windowMs: number };

export interface StorageAnswers {
  readonly pin: Record<string, never>;
  readonly rename: Record<string, never>;
  readonly dvrWindow: Record<string, never>;
}

const TYPES: ReadonlySet<unknown> = new Set(["pin", "rename", "dvrWindow"]);

/** Whether an ask is of this kind. */
export function isStorageAsk(ask: { readonly type?: unknown }): ask is StorageAsk {
  return TYPES.has(ask.type);
}

/** There is no disk, or none any more. */
export function noDisk(): RelayError {
  return new RelayError("store-unavailable", "expected a disk to keep that on, got a relay that is in memory alone");
}

/** Reads an ask of this kind; undefined where it is another. @throws RelayError `malformed-message`, `invalid-name`, `invalid-option` */
export function readStorageAsk(fields: Fields): StorageAsk | undefined {
  const { type } = fields;
  switch (type) {
    case "pin":
      return { type, stream: checkName(fields.stream, "stream"), on: fields.on === true };
    case "rename":
      return { type, stream: checkName(fields.stream, "stream"), title: titleOf(fields) };
    case "dvrWindow":
      return { type, windowMs: dvrWindowOf(fields) };
    default:
      return undefined;
  }
}

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
