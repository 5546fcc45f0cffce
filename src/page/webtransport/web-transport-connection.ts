import type { CarriageTransport } from "../../carriage/transport.ts";
import { RelayError } from "../../model/errors.ts";
import { onAbort } from "../../model/on-abort.ts";
import type { LinkedSession } from "../../moq/relay-link.ts";
import type { WebTransportSource } from "./web-transport-source.ts";

/** A connection to a server of one's own, before anything is said. */
export interface CarriageLink extends LinkedSession {
  readonly carrier: CarriageTransport;
}

export type CarriageConnect = (source: WebTransportSource, signal: AbortSignal) => Promise<CarriageLink>;

/** @throws RelayError `unsupported-browser`, `relay-unreachable`; the signal's reason */
export const connectCarriage: CarriageConnect = async ({ url, certificateHashes }, signal) => {
  if (globalThis.WebTransport === undefined) {
    throw new RelayError("unsupported-browser", "expected WebTransport: there is none");
  }
  const transport = new WebTransport(url, {
    congestionControl: "low-latency",
    serverCertificateHashes: certificateHashes.map((hash) => ({ algorithm: "sha-256", value: bytesOf(hash) })),
  });
  const forget = onAbort(signal, () => transport.close());
  const closed = transport.closed.then(
    () => undefined,
    () => undefined,
  );
  try {
    await transport.ready;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RelayError("relay-unreachable", `${shown(url)}: ${reason}`, { cause });
  } finally {
    forget();
  }
  return {
    relay: shown(url),
    version: "eddy-1",
    transport: "webtransport",
    closed,
    close: () => transport.close(),
    carrier: transport,
  };
};

const bytesOf = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** What stands in a query is nobody else's. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
