import type { RelaySession } from "./relay-session.ts";

/** Paths and counts of this moment. */
export interface MoqRelayStats {
  readonly sessions: readonly {
    /** Such as `moq-lite-05`. */
    readonly version: string;
    readonly transport: "webtransport" | "websocket";
    readonly publishes: readonly string[];
    /** Of this session at the relay, `<broadcast>/<track>`, each as often as it is subscribed to. */
    readonly subscriptions: readonly string[];
  }[];
  /** How many subscribe to each track, by `<broadcast>/<track>`. */
  readonly subscriptions: Readonly<Record<string, number>>;
  /** Kept of all tracks. */
  readonly keptBytes: number;
  /** Of tracks that are open now, for newer ones. */
  readonly droppedGroups: number;
  /** Sessions that were not let in, since the start. */
  readonly refused: number;
}

export function relayStats(sessions: ReadonlySet<RelaySession>, refused: number): MoqRelayStats {
  const subscriptions: Record<string, number> = {};
  let keptBytes = 0;
  let droppedGroups = 0;
  const told = [...sessions].map(({ version, transport, published, offered }) => {
    const own: string[] = [];
    for (const [path, { reading }] of offered) {
      for (const [name, times] of reading) {
        const track = `${path}/${name}`;
        own.push(...Array<string>(times).fill(track));
        subscriptions[track] = (subscriptions[track] ?? 0) + times;
      }
    }
    for (const broadcast of published.values()) {
      for (const track of broadcast.tracks.values()) {
        keptBytes += track.keptBytes;
        droppedGroups += track.droppedGroups;
      }
    }
    return { version, transport, publishes: [...published.keys()], subscriptions: own };
  });
  return { sessions: told, subscriptions, keptBytes, droppedGroups, refused };
}
