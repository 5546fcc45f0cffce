import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface PublicSignalling {
  readonly url: string;
  close(): void;
}

async function serve(connected: (socket: WebSocket) => (message: never) => void): Promise<PublicSignalling> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server.on("connection", (socket) => {
    const heard = connected(socket);
    socket.on("message", (data) => heard(JSON.parse(data.toString()) as never));
  });
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

type NostrMessage =
  | readonly ["REQ", string, { readonly "#x": readonly string[] }]
  | readonly ["EVENT", { readonly id: string; readonly tags: readonly (readonly [string, string])[] }]
  | readonly ["CLOSE", string];

/** As much of a Nostr relay (NIP-01) as signalling needs: what is published goes to whoever subscribed to its tag, and is not kept. */
export function serveNostr(): Promise<PublicSignalling> {
  const subscriptions = new Map<string, { readonly socket: WebSocket; readonly topics: ReadonlySet<string> }>();
  return serve((socket) => (message: NostrMessage) => {
    if (message[0] === "REQ") subscriptions.set(message[1], { socket, topics: new Set(message[2]["#x"]) });
    else if (message[0] === "CLOSE") subscriptions.delete(message[1]);
    else {
      const [, event] = message;
      socket.send(JSON.stringify(["OK", event.id, true, ""]));
      for (const [id, subscription] of subscriptions) {
        if (event.tags.some(([, topic]) => subscription.topics.has(topic))) {
          subscription.socket.send(JSON.stringify(["EVENT", id, event]));
        }
      }
    }
  });
}

interface TrackerMessage {
  readonly info_hash: string;
  readonly peer_id: string;
  readonly offer_id?: string;
  readonly to_peer_id?: string;
  readonly answer?: unknown;
  readonly offers?: readonly { readonly offer_id: string; readonly offer: unknown }[];
}

/** As much of a WebTorrent tracker: each offer goes to another peer of the swarm, each answer to whom it is for. */
export function serveTracker(): Promise<PublicSignalling> {
  const swarms = new Map<string, Map<string, WebSocket>>();
  return serve((socket) => ({ info_hash, peer_id, offer_id, to_peer_id, answer, offers = [] }: TrackerMessage) => {
    const swarm = swarms.get(info_hash) ?? new Map<string, WebSocket>();
    swarms.set(info_hash, swarm.set(peer_id, socket));
    if (answer !== undefined) {
      swarm.get(to_peer_id ?? "")?.send(JSON.stringify({ info_hash, peer_id, offer_id, answer }));
      return;
    }
    socket.send(JSON.stringify({ info_hash, interval: 10 }));
    const others = [...swarm].filter(([id]) => id !== peer_id).map(([, other]) => other);
    for (const [at, one] of offers.entries()) others[at]?.send(JSON.stringify({ info_hash, peer_id, ...one }));
  });
}
