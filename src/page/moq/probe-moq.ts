import { systemClock } from "../../model/clock.ts";
import { loadCode } from "../load-code.ts";
import type { MoqSource } from "./moq-source.ts";

/** How a relay answered. */
export interface MoqProbe {
  /** Whichever answered first. */
  readonly transport: "webtransport" | "websocket";
  /** As negotiated, such as `moq-lite-05`. */
  readonly version: string;
  /** How long it took, in ms. */
  readonly connectMs: number;
}

/** Longer than any relay that is of use for live video. */
const DEADLINE_MS = 8_000;

/**
 * Connects to a relay once, and lets go of it: to see whether its address is right before anything is published over it. Asks the preferred relay of the source
 * alone.
 * @throws RelayError `relay-unreachable`, `code-unavailable`; DOMException `TimeoutError` after 8 s; the signal's reason
 */
export async function probeMoq(source: MoqSource, options: { readonly signal?: AbortSignal } = {}): Promise<MoqProbe> {
  const [relay] = source.relays;
  if (relay === undefined) throw new RangeError("expected a source with a relay");
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const signal = options.signal === undefined ? deadline : AbortSignal.any([options.signal, deadline]);
  const { connectMoq } = await loadCode("relays", import("./moq-connection.ts"));
  const sinceMs = systemClock.now();
  const session = await connectMoq(relay, signal);
  const { transport, version } = session;
  session.close();
  return { transport, version, connectMs: systemClock.now() - sinceMs };
}
