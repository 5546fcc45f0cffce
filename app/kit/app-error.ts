/** What can go wrong in the demo itself, beside the codes of the library. */
export type AppErrorCode =
  | "player-not-loaded"
  | "player-not-supported"
  | "player-gave-up"
  | "controls-not-loaded"
  | "clip-failed"
  | "no-picture"
  | "no-file-chosen"
  | "name-kept"
  | "export-failed";

/** An error of the demo itself. */
export class AppError extends Error {
  readonly code: AppErrorCode;

  constructor(code: AppErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }
}
