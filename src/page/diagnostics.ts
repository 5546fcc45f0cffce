import type { Fault } from "../model/fault.ts";
import { checkName, type PartId } from "../model/ids.ts";
import {
  type InspectedStream,
  MAX_INSPECTED_SLOTS,
  type RequestTrace,
  type RestartReport,
} from "../model/inspection.ts";
import { loadCode } from "./load-code.ts";
import type { SessionStats } from "./session/session-stats.ts";
import type { WorkerLink } from "./worker-link.ts";

/** How much is told. */
export interface InspectOptions {
  /** Slots of each rendition that are told of at most: the newest. Default, and at most, 4096. */
  readonly newest?: number;
}

/**
 * Looks into the relay of the worker, and breaks things on purpose. Only where the site allows it: `serveRelay(self, { diagnostics: diagnostics() })`.
 *
 * @example
 * ```ts
 * let trace = await relay.diagnostics.trace();
 * setInterval(async () => {
 *   trace = await relay.diagnostics.trace(trace);
 *   for (const { target, status, sizeBytes } of trace.requests) console.log(target, status, sizeBytes);
 * }, 250);
 * ```
 */
export interface Diagnostics {
  /**
   * Every slot of one stream, or of all that are in the worker's memory, as it is now: in columns of typed arrays that are this caller's own.
   * No media is copied.
   * @throws RelayError `diagnostics-off`, `stream-not-found`, `invalid-name`
   */
  inspect(name?: string, options?: InspectOptions): Promise<readonly InspectedStream[]>;
  /**
   * Requests to the relay, from any tab: those that have changed since `last`, or all that are remembered, the newest 500. They are recorded
   * from the first call on, and for ten seconds after each; while nobody calls, requests cost nothing more than ever.
   * @throws RelayError `diagnostics-off`
   */
  trace(last?: Pick<RequestTrace, "cursor" | "worker">): Promise<RequestTrace>;
  /**
   * xxHash64 of a part in hex; undefined where the ring has not got it. Computed when it is asked for, and kept.
   * @throws RelayError `diagnostics-off`, `stream-not-found`, `rendition-not-found`
   */
  hash(name: string, rendition: string, id: PartId): Promise<string | undefined>;
  /**
   * Makes the worker drop all that it has in memory and has not written, and break off the answers that were recorded and are not done: what its end
   * by the browser does to the relay. The next request or step reads the disk and goes on from there. The process itself lives on, since a page cannot
   * end it: its script is not loaded anew, and listeners of the site's own keep what they have.
   * @throws RelayError `diagnostics-off`
   */
  restart(): Promise<RestartReport>;
  /**
   * Lets something go wrong where a stream is fed: in the page of this browser that publishes it, or that has joined it for all tabs. Resolves once
   * that page has been told. Lines are those to an origin and to peers; one to a relay of Media over QUIC is left alone.
   * @throws RelayError `diagnostics-off`; `stream-not-found` where no page of this browser feeds it; `malformed-message` for a fault that is none
   */
  fault(name: string, fault: Fault): Promise<void>;
  /**
   * Hears once a second how a stream is doing that a tab of this browser has joined, without joining it: never, while none has. Resolves with how to
   * stop. Needs no leave of the site, since any of its tabs hears this.
   * @throws RelayError `invalid-name`
   */
  session(name: string, heard: (stats: SessionStats) => void): Promise<() => void>;
}

export interface DiagnosticsContext {
  readonly link: WorkerLink;
  readonly base: string;
  /** Throws once the relay is closed. */
  readonly check: () => void;
}

export function diagnosticsOver({ link, base, check }: DiagnosticsContext): Diagnostics {
  return {
    async inspect(name, { newest = MAX_INSPECTED_SLOTS } = {}) {
      check();
      const stream = name === undefined ? {} : { stream: checkName(name, "stream") };
      return link.ask({ type: "inspect", newest, ...stream });
    },
    async trace(last) {
      check();
      if (last === undefined) return link.ask({ type: "trace", cursor: 0 });
      return link.ask({ type: "trace", cursor: last.cursor, worker: last.worker });
    },
    async hash(name, rendition, id) {
      check();
      const stream = checkName(name, "stream");
      const { hash } = await link.ask({ type: "hash", stream, rendition: checkName(rendition, "rendition"), id });
      return hash;
    },
    async restart() {
      check();
      return link.ask({ type: "restart" });
    },
    async fault(name, fault) {
      check();
      await link.ask({ type: "fault", stream: checkName(name, "stream"), fault });
    },
    async session(name, heard) {
      check();
      const { observeSession } = await loadCode("diagnostics", import("./session/observe-session.ts"));
      return observeSession(base, checkName(name, "stream"), heard);
    },
  };
}
