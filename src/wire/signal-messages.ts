import { RelayError } from "../model/errors.ts";

/** WebSocket subprotocol of the signalling relay; its number grows with each change that an older side cannot read. */
export const SIGNAL_PROTOCOL = "eddy-signal.1";

/** Most bytes of one message: an encrypted description of a data channel takes about 2,000. */
export const MAX_SIGNAL_BYTES = 16 * 1024;

/** Why the relay closed a socket, as WebSocket close codes. */
export const SIGNAL_CLOSE = {
  /** Too fast, malformed, too many topics, or silent from the start. */
  policy: 1008,
  /** The relay is shut down. */
  goingAway: 1001,
  /** The relay is full. */
  tryLater: 1013,
  version: 4001,
  origin: 4003,
} as const;

/** What a peer may ask of the relay. */
export type SignalAsk =
  /** `name` is what others of the topic may publish to. */
  | { readonly type: "subscribe"; readonly topic: string; readonly name?: string }
  | { readonly type: "unsubscribe"; readonly topic: string }
  /** To the other subscribers of the topic; to some of them, picked at random, where there are many; or to those of these names alone. */
  | { readonly type: "publish"; readonly topic: string; readonly payload: string; readonly names?: readonly string[] };

/** What the relay says. */
export type SignalNews =
  /** `members`: subscribers of the topic, this one included. */
  | { readonly type: "subscribed"; readonly topic: string; readonly members: number }
  | { readonly type: "message"; readonly topic: string; readonly payload: string };

/** Most names that one message may be for. */
const MAX_NAMES = 8;
const NAME_EXPECTED = "name: expected 1 to 64 of A-Z a-z 0-9 _ -";
const isName = (name: unknown): name is string => typeof name === "string" && /^[\w-]{1,64}$/.test(name);
const TOPIC = /^[\x21-\x7e]{1,128}$/;

/** @throws RelayError `malformed-message` */
export function readSignalAsk(text: string): SignalAsk {
  const { type, topic, payload, name, names } = readObject(text);
  if (typeof topic !== "string" || !TOPIC.test(topic)) {
    throw new RelayError("malformed-message", "topic: expected 1 to 128 printable characters");
  }
  if (type === "unsubscribe") return { type, topic };
  if (type === "subscribe") {
    if (name !== undefined && !isName(name)) throw new RelayError("malformed-message", NAME_EXPECTED);
    return { type, topic, ...(name === undefined ? {} : { name }) };
  }
  if (type === "publish" && typeof payload === "string") {
    if (names === undefined) return { type, topic, payload };
    if (!Array.isArray(names) || names.length > MAX_NAMES || !names.every(isName)) {
      throw new RelayError("malformed-message", `${NAME_EXPECTED}, at most ${MAX_NAMES} of them`);
    }
    return { type, topic, payload, names };
  }
  throw new RelayError("malformed-message", "expected subscribe, unsubscribe, or publish with a text as payload");
}

/** @throws RelayError `malformed-message` */
export function readSignalNews(text: string): SignalNews {
  const { type, topic, payload, members } = readObject(text);
  if (typeof topic === "string") {
    if (type === "message" && typeof payload === "string") return { type, topic, payload };
    if (type === "subscribed" && Number.isSafeInteger(members)) return { type, topic, members: members as number };
  }
  throw new RelayError("malformed-message", "expected news of a signalling relay");
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch (cause) {
    throw new RelayError("malformed-message", "expected JSON", { cause });
  }
  throw new RelayError("malformed-message", "expected a JSON object");
}
