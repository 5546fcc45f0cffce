import { words } from "../words/words.ts";
import type { PublishStats } from "./publish-stats.ts";

/** `good`: nothing to do. `warn`: viewers may notice. `bad`: they do. */
export interface Health {
  readonly tone: "good" | "warn" | "bad";
  readonly sentence: string;
}

/** More than this many parts on their way means that the worker does not keep up. */
const MANY_UNACKNOWLEDGED = 4;
/** Dropped among the pictures of the last seconds, from which on one sees it. */
const MANY_DROPPED = 0.03;
/** So few are lost whenever an encoder begins. */
const FEW_DROPPED = 8;
/** Of the time there is, from which on an encoder has none to spare. */
const BUSY_LOAD = 0.85;

/** How the stream does, in one sentence: the worst of what there is to say. */
export function health(stats: PublishStats): Health {
  const say = words.publish.health;
  const { unacknowledged, recent, load, sent, isPaused, isMuted } = stats;
  if (recent.lostParts > 0) return { tone: "bad", sentence: say.lost(recent.lostParts) };
  if (unacknowledged > MANY_UNACKNOWLEDGED) return { tone: "bad", sentence: say.slowWorker };
  const { droppedFrames, droppedShare } = recent;
  if (droppedFrames > FEW_DROPPED && droppedShare > MANY_DROPPED)
    return { tone: "bad", sentence: say.dropping(droppedShare) };
  if (sent?.relay !== undefined && sent.relay.state === "waiting") return { tone: "warn", sentence: say.relayLost };
  if (sent?.signalling === "lost") return { tone: "warn", sentence: say.signallingLost };
  if (load > BUSY_LOAD) return { tone: "warn", sentence: say.busy };
  if (isPaused) return { tone: "good", sentence: say.paused };
  return { tone: "good", sentence: isMuted ? say.muted : say.good };
}
