import type { Relay, RelayStats, StreamSummary } from "eddy-hls";
import { explain } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";

/** Gentle: the list is a convenience, and each look is one message to the worker. */
const POLL_MS = 2_000;

export interface StreamsListener {
  seen(streams: readonly StreamSummary[], stats: RelayStats): void;
  /** They cannot be listed now, because of this. The next look may see them. */
  failed(cause: string): void;
}

/** Looks at the streams again and again. Gives a function that looks at once. */
export function pollStreams(relay: Promise<Relay>, signal: AbortSignal, listener: StreamsListener): () => void {
  return poll({ everyMs: POLL_MS, signal, onlyShown: true }, async () => {
    try {
      const open = await relay;
      const [streams, stats] = await Promise.all([open.streams(), open.stats()]);
      if (!signal.aborted) listener.seen(streams, stats);
    } catch (thrown) {
      if (!signal.aborted) listener.failed(explain(thrown).cause);
    }
  });
}
