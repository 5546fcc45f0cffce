import { CarriageRoom } from "../src/carriage/carriage-room.ts";
import { systemClock } from "../src/model/clock.ts";
import { WebTransportServer } from "../src/node/web-transport/server.ts";

/** Streams that one server carries. */
const MAX_ROOMS = 64;

export interface CarriageServer {
  /** The stream `name` is at `url` + name, for `webtransport({ url, certificateHashes: [certificateHash] })`. */
  readonly url: string;
  readonly certificateHash: string;
  room(name: string): CarriageRoom | undefined;
  /** Ends all sessions; pages connect again. */
  disconnect(): void;
  close(): Promise<void>;
}

/**
 * A server of one's own for `webtransport()`: whoever publishes to a URL is watched by all who join by it. One process, nobody is
 * asked who they are, and nothing is kept when it ends: what a site has of its own goes in `refuse`.
 */
export function startCarriageServer({ port, host = "127.0.0.1" }: { port: number; host?: string }): CarriageServer {
  const rooms = new Map<string, CarriageRoom>();
  const open = new Set<{ close(): void }>();
  const server = WebTransportServer.listen({
    host,
    port,
    refuse: ({ pathname }) => (rooms.has(pathname) || rooms.size < MAX_ROOMS ? undefined : 503),
    onSession: (transport, { pathname }) => {
      const room = rooms.get(pathname) ?? new CarriageRoom(systemClock);
      rooms.set(pathname, room);
      open.add(transport);
      void room.serve(transport).finally(() => open.delete(transport));
    },
  });
  if (typeof server === "string") throw new Error(server);
  const disconnect = (): void => {
    for (const transport of open) transport.close();
  };
  return {
    url: `https://${host}:${port}/`,
    certificateHash: server.certificate.hash,
    room: (name) => rooms.get(`/${name}`),
    disconnect,
    close: async () => {
      disconnect();
      await server.close();
    },
  };
}
