import type { OriginFault } from "../origin-fault.ts";
import type { OriginOptions } from "../origin-options.ts";
import type { OriginTrace } from "../origin-trace.ts";

/** What the test calls in the producer's page. */
export interface ProducerPage {
  /** Registers the worker, if that has not been done. */
  open(worker: string, base: string): Promise<void>;
  /** Begins a stream; resolves with the path of its Multivariant Playlist once its history can be played. */
  start(options: OriginOptions): Promise<{ readonly path: string; readonly dvrPath: string }>;
  advance(stream: string, durationMs: number): Promise<void>;
  addFaults(stream: string, faults: readonly OriginFault[]): Promise<void>;
  nowMs(stream: string): number;
  trace(stream: string): Promise<OriginTrace>;
  stop(stream: string): void;
}

declare global {
  interface Window {
    eddyOrigin: ProducerPage;
    /** Of the test: ends the worker as the browser does. */
    eddyKillWorker(): Promise<void>;
  }
}
