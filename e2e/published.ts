import { Buffer } from "node:buffer";
import type { BrowserContext } from "@playwright/test";

/** One part as a page handed it to the worker, and what the worker said of it. Times are of the wall clock. */
export interface SentPart {
  readonly number: number;
  readonly bytes: Buffer;
  readonly sentAtMs: number;
  /** It is in the ring. */
  acknowledgedAtMs?: number;
  /** It is on disk. */
  keptAtMs?: number;
}

/** What a page tells the test, in order. */
type Told =
  | {
      readonly kind: "sent";
      readonly stream: string;
      readonly rendition: string;
      readonly session: string;
      readonly number: number;
      readonly step: string;
      readonly base64: string;
      readonly atMs: number;
    }
  | {
      readonly kind: "answered";
      readonly stream: string;
      readonly rendition: string;
      readonly number: number;
      readonly error?: string;
      readonly atMs: number;
    }
  | {
      readonly kind: "kept";
      readonly stream: string;
      readonly rendition: string;
      readonly before: number;
      readonly atMs: number;
    };

declare global {
  interface Window {
    toldTheTest?: (told: Told) => void;
  }
}

/** A worker that has lost something says these, and the page sends again: nothing was refused. */
const SENT_AGAIN: ReadonlySet<string> = new Set(["out-of-order", "stream-not-found"]);

/** What the pages of a context publish, taken down where they hand it to the worker. */
export class Published {
  /** Epoch and session of every step: more than one session of an epoch means that numbers began anew. */
  readonly sessions = new Set<string>();
  /** Steps that were sent again, after a worker had gone. */
  resent = 0;
  /** What was refused, or sent twice with different bytes. */
  readonly faults: string[] = [];
  readonly #parts = new Map<string, Map<number, SentPart>>();
  readonly #steps = new Set<string>();
  readonly #inits = new Map<string, Buffer[]>();

  /** Before any page of the context is opened. */
  static async of(context: BrowserContext): Promise<Published> {
    const published = new Published();
    await context.exposeBinding("toldTheTest", (_, told: Told) => published.#take(told));
    await context.addInitScript(tellTheTest);
    return published;
  }

  /** In the order of their numbers. */
  parts(stream: string, rendition = "main"): readonly SentPart[] {
    const parts = this.#parts.get(`${stream}/${rendition}`);
    return [...(parts?.values() ?? [])].sort((left, right) => left.number - right.number);
  }

  inits(stream: string, rendition = "main"): readonly Buffer[] {
    return this.#inits.get(`${stream}/${rendition}`) ?? [];
  }

  #take(told: Told): void {
    const key = `${told.stream}/${told.rendition}`;
    const parts = this.#parts.get(key) ?? new Map<number, SentPart>();
    this.#parts.set(key, parts);
    if (told.kind === "kept") {
      for (const part of parts.values()) if (part.number < told.before) part.keptAtMs ??= told.atMs;
    } else if (told.kind === "answered") {
      const part = parts.get(told.number);
      if (told.error === undefined) {
        if (part !== undefined) part.acknowledgedAtMs ??= told.atMs;
      } else if (!SENT_AGAIN.has(told.error)) {
        this.faults.push(`${key} step ${told.number} was refused: ${told.error}`);
      }
    } else {
      this.#sent(told, key, parts);
    }
  }

  #sent(told: Extract<Told, { kind: "sent" }>, key: string, parts: Map<number, SentPart>): void {
    this.sessions.add(told.session);
    const step = `${key} ${told.session} ${told.number}`;
    if (this.#steps.has(step)) this.resent += 1;
    const isNew = !this.#steps.has(step);
    this.#steps.add(step);
    const bytes = Buffer.from(told.base64, "base64");
    if (told.step === "init" && isNew) this.#inits.set(key, [...(this.#inits.get(key) ?? []), bytes]);
    if (told.step !== "part") return;
    const known = parts.get(told.number);
    if (known === undefined) parts.set(told.number, { number: told.number, bytes, sentAtMs: told.atMs });
    else if (!known.bytes.equals(bytes)) this.faults.push(`${step} was sent again with other bytes`);
  }
}

/** Runs in each page, before its own scripts. */
function tellTheTest(): void {
  if (typeof ServiceWorker === "undefined" || navigator.serviceWorker === undefined) return;
  const tell = (told: Told): void => window.toldTheTest?.(told);
  const encode = (bytes: Uint8Array): string => {
    let text = "";
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(text);
  };
  const asked = new Map<unknown, { stream: string; rendition: string; number: number }>();
  const post = ServiceWorker.prototype.postMessage as (this: ServiceWorker, ...args: unknown[]) => void;
  ServiceWorker.prototype.postMessage = function (this: ServiceWorker, ...args: unknown[]): void {
    const { id, ask } = (args[0] ?? {}) as { id?: unknown; ask?: Record<string, unknown> };
    if (ask?.type === "step") {
      const [stream, rendition] = [String(ask.stream), String(ask.rendition)];
      const number = Number(ask.number);
      const step = ask.step as { kind: string; bytes?: Uint8Array };
      asked.set(id, { stream, rendition, number });
      tell({
        kind: "sent",
        stream,
        rendition,
        session: `${ask.epoch}/${ask.session}`,
        number,
        step: step.kind,
        // Before it is transferred away.
        base64: encode(step.bytes ?? new Uint8Array()),
        atMs: Date.now(),
      });
    }
    post.apply(this, args);
  };
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    const step = asked.get(data?.re);
    const atMs = Date.now();
    if (step !== undefined) {
      asked.delete(data.re);
      tell({ kind: "answered", ...step, atMs, ...(data.error === undefined ? {} : { error: data.error.code }) });
    }
    for (const { rendition, number } of data?.kept?.expected ?? [])
      tell({ kind: "kept", stream: data.kept.stream, rendition, before: number, atMs });
  });
}
