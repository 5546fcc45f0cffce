import type { Bytes } from "../model/bytes.ts";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { RenditionOptions, StreamConfig } from "../model/options.ts";
import type { StreamStats, StreamSummary } from "../model/stats.ts";
import { renderMultivariant } from "../playlist/multivariant.ts";
import { Rendition, type RenditionContext } from "./rendition.ts";

export interface StreamContext {
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  readonly clock: Clock;
  /** What all renditions of this stream share, and where each starts. */
  rendition(options: RenditionOptions): RenditionContext;
}

/** One live broadcast, or what is left of it: its renditions and their common fate. */
export class Stream {
  readonly name: string;
  readonly epoch: string;
  readonly config: StreamConfig;
  /** The Multivariant Playlist; it does not change while the stream lives. */
  readonly multivariant: Bytes;
  readonly #renditions = new Map<string, Rendition>();
  readonly #clock: Clock;
  #pageBytes = 0;

  /** @throws RelayError `stream-limit`; no ring is left taken */
  constructor(context: StreamContext) {
    this.name = context.name;
    this.epoch = context.epoch;
    this.config = context.config;
    this.#clock = context.clock;
    this.multivariant = renderMultivariant(context.config.renditions);
    try {
      for (const options of context.config.renditions) {
        this.#renditions.set(options.id, new Rendition(context.rendition(options)));
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get ended(): boolean {
    for (const rendition of this.#renditions.values()) if (!rendition.ended) return false;
    return true;
  }

  get renditions(): ReadonlyMap<string, Rendition> {
    return this.#renditions;
  }

  /** Milliseconds since the last part of any rendition; undefined before the first. */
  get idleMs(): number | undefined {
    let lastAtMs: number | undefined;
    for (const { lastPartAtMs } of this.#renditions.values()) {
      if (lastPartAtMs !== undefined && (lastAtMs === undefined || lastPartAtMs > lastAtMs)) lastAtMs = lastPartAtMs;
    }
    return lastAtMs === undefined ? undefined : this.#clock.now() - lastAtMs;
  }

  find(id: string): Rendition | undefined {
    return this.#renditions.get(id);
  }

  /** @throws RelayError `rendition-not-found` */
  rendition(id: string): Rendition {
    const rendition = this.#renditions.get(id);
    if (rendition !== undefined) return rendition;
    const known = [...this.#renditions.keys()].join(", ");
    throw new RelayError("rendition-not-found", `"${this.name}" has the renditions ${known}: got "${id}"`);
  }

  /** Counts bytes that came from a page of this origin. */
  received(sizeBytes: number): void {
    this.#pageBytes += sizeBytes;
  }

  end(): void {
    for (const rendition of this.#renditions.values()) rendition.end();
  }

  close(): void {
    for (const rendition of this.#renditions.values()) rendition.close();
  }

  drain(): number {
    let drained = 0;
    for (const rendition of this.#renditions.values()) drained += rendition.drain();
    return drained;
  }

  get summary(): StreamSummary {
    let windowMs = 0;
    let sizeBytes = 0;
    for (const rendition of this.#renditions.values()) {
      windowMs = Math.max(windowMs, rendition.windowMs);
      sizeBytes += rendition.sizeBytes;
    }
    return {
      name: this.name,
      state: this.ended ? "ended" : "live",
      renditions: [...this.#renditions.keys()],
      windowMs,
      sizeBytes,
    };
  }

  get stats(): StreamStats {
    const { idleMs } = this;
    return {
      ...this.summary,
      epoch: this.epoch,
      partTargetMs: this.config.partTargetMs,
      targetDurationMs: this.config.targetDurationMs,
      ...(idleMs === undefined ? {} : { idleMs }),
      renditionStats: [...this.#renditions.values()].map((rendition) => rendition.stats),
      sources: { page: this.#pageBytes },
      persistence: "memory",
    };
  }
}
