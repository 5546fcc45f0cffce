import { Broadcast, Group, Time, Track } from "@moq/net";
import type { Bytes } from "../../model/bytes.ts";
import type { MoqGroupWriter, MoqOutlet, MoqTrackWriter } from "../../moq/moq-session.ts";

/** Groups are kept for who comes back to them after a session was lost; what a relay keeps, it is told by this. */
const KEEP_MS = 15_000;

/**
 * Tracks that outlive the sessions they are sent over. Nothing is queued for a relay that does not keep up: its oldest groups go, and
 * the newest are sent first.
 */
export class NetOutlet implements MoqOutlet {
  readonly #tracks = new Map<string, Track.Producer>();
  #broadcast: Broadcast.Producer | undefined;

  openTrack(name: string, priority: number): MoqTrackWriter {
    const track = new Track.Producer(name).accept({ timescale: Time.Timescale.MILLI, latencyMax: KEEP_MS, priority });
    this.#tracks.set(name, track);
    this.#broadcast?.insertTrack(track);
    return {
      openGroup: (sequence) => openGroup(track, sequence),
      close: () => track.close(),
    };
  }

  /** For one session, which closes it when it ends. */
  broadcast(): Broadcast.Producer {
    const broadcast = new Broadcast.Producer();
    for (const track of this.#tracks.values()) if (track.closed.peek() === undefined) broadcast.insertTrack(track);
    this.#broadcast = broadcast;
    void refuse(broadcast);
    return broadcast;
  }

  close(): void {
    this.#broadcast?.close();
    for (const track of this.#tracks.values()) track.close();
  }
}

function openGroup(track: Track.Producer, sequence: number): MoqGroupWriter {
  const group = new Group.Producer(sequence);
  track.writeGroup(group);
  return {
    write: (bytes: Bytes) => group.writeFrame({ payload: bytes, timestamp: Time.Timestamp.now() }),
    close: () => group.close(),
  };
}

/** Whoever asks for a track that there is not would wait for it for ever. */
async function refuse(broadcast: Broadcast.Producer): Promise<void> {
  try {
    for (;;) {
      const request = await broadcast.requested();
      if (request === undefined) return;
      request.reject(new Error(`no track "${request.name}"`));
    }
  } catch {
    // The session that it was for has ended.
  }
}
