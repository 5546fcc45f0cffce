import { type EncodingMeasure, measureEncoding } from "eddy-hls";
import { isAbort } from "../kit/messages.ts";

const KEY = "eddy.encoding";
const LARGEST = { width: 1920, height: 1080, frameRate: 30 };

/** What this machine encodes in real time, measured once and remembered until the browser is closed. */
export class EncodingPower {
  measures: readonly EncodingMeasure[] = remembered();
  state: "unknown" | "measuring" | "measured" | "failed" = this.measures.length > 0 ? "measured" : "unknown";
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Takes about a second of the machine's time; an abort leaves what was known. */
  async measure(signal: AbortSignal): Promise<void> {
    const before = this.state;
    this.#set("measuring");
    try {
      this.measures = await measureEncoding({ ...LARGEST, signal });
      // What is infinite is no number in JSON.
      sessionStorage.setItem(KEY, JSON.stringify(this.measures.filter(({ load }) => Number.isFinite(load))));
      this.#set("measured");
    } catch (thrown) {
      this.#set(isAbort(thrown) || signal.aborted ? before : this.measures.length > 0 ? "measured" : "failed");
    }
  }

  #set(state: EncodingPower["state"]): void {
    this.state = state;
    this.#changed();
  }
}

function remembered(): readonly EncodingMeasure[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isMeasure) : [];
  } catch {
    return []; // no storage, or not JSON
  }
}

function isMeasure(value: unknown): value is EncodingMeasure {
  const { height, frameRate, load } = (value ?? {}) as Partial<Record<string, unknown>>;
  return [height, frameRate, load].every((each) => typeof each === "number" && each > 0);
}
