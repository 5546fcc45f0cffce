import type { StorageStats } from "eddy-hls";
import { explainWarning } from "../kit/messages.ts";
import type { NoticeBoard } from "../kit/notice.ts";

/** When this person was told of which trouble of the disk: once, in whichever tab. */
const TOLD_KEY = "eddy.storage-trouble-told.";
/** A disk that is still full a day later is told of again. */
const TELL_AGAIN_MS = 24 * 3_600_000;

/** Tells of a disk that takes nothing more, or lost something. */
export class StorageTrouble {
  readonly #board: NoticeBoard;
  /** By code, as in storage: a disk that is full may not take that either. */
  readonly #toldMs = new Map<string, number>();

  constructor(board: NoticeBoard) {
    this.#board = board;
  }

  look(storage: StorageStats | undefined): void {
    const { trouble } = storage ?? {};
    if (trouble === undefined) return;
    const { code, message, atMs } = trouble;
    const toldMs = Math.max(this.#toldMs.get(code) ?? 0, Number(localStorage.getItem(TOLD_KEY + code) ?? 0));
    if (atMs < toldMs + TELL_AGAIN_MS) return;
    this.#toldMs.set(code, atMs);
    try {
      localStorage.setItem(TOLD_KEY + code, String(atMs));
    } catch {
      // Another tab tells of it too.
    }
    this.#board.show(explainWarning(code, message), { tone: "warning" });
  }
}
