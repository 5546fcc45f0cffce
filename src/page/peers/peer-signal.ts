import { PEER_VERSION } from "../../wire/peer-frame.ts";

/** What peers tell each other through a relay, around Trystero's own messages. */
export interface PeerSignal {
  readonly version: number;
  /** Trystero's id of the sender. */
  readonly peerId: string;
  /** Topic that the sender alone listens to. */
  readonly replyTo: string;
  /** Connections that it has, or is about to have. */
  readonly links: number;
  /** It looks for who gets this, by name, and not for anybody. */
  readonly calls: boolean;
  /** There is no room. */
  readonly refused: boolean;
  /** Trystero's, encrypted but for the id. Each is a text, or not there. */
  readonly offer?: string;
  readonly answer?: string;
  readonly candidate?: string;
  readonly offerId?: string;
}

/** Trystero's ids. A name such as `__proto__` must not get through to it. */
const PEER_ID = /^[0-9A-Za-z]{20}$/;
const SEALED = ["offer", "answer", "candidate", "offerId"] as const;

/** Undefined is not ours. Only what is named here gets through to Trystero. */
export function readPeerSignal(payload: string): PeerSignal | undefined {
  const message = parse(payload);
  const { v, peerId, to, links } = message;
  if (typeof v !== "number" || typeof peerId !== "string" || !PEER_ID.test(peerId)) return undefined;
  const sealed: Partial<Record<(typeof SEALED)[number], string>> = {};
  for (const name of SEALED) {
    const text = message[name];
    if (typeof text === "string" && text !== "") sealed[name] = text;
    else if (text !== undefined) return undefined;
  }
  return {
    version: v,
    peerId,
    replyTo: typeof to === "string" ? to.slice(0, 128) : "",
    links: typeof links === "number" && links > 0 ? links : 0,
    calls: message.calls === true,
    refused: message.refused === true,
    ...sealed,
  };
}

/** Adds to what Trystero sends what our relays' peers want to know. */
export function peerSignalOf(
  message: string | Readonly<Record<string, unknown>>,
  { replyTo, links, calls }: { readonly replyTo: string; readonly links: number; readonly calls?: boolean },
): string {
  const sent = typeof message === "string" ? parse(message) : message;
  return JSON.stringify({ ...sent, v: PEER_VERSION, to: replyTo, links, ...(calls === true ? { calls } : {}) });
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
