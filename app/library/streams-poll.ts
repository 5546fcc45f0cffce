import type { Relay } from "eddy-hls";
import { namesInUse } from "../address.ts";
import { explain } from "../kit/messages.ts";
import { poll } from "../kit/poll.ts";
import type { KeptPanel } from "./kept-panel.ts";
import type { StreamList } from "./stream-list.ts";

/** Gentle: the list is a convenience, and each look is one message to the worker. */
const POLL_MS = 2_000;

/** Gives a function that looks at once. */
export function pollStreams(
  { list, kept }: { readonly list: StreamList; readonly kept: KeptPanel },
  relay: Promise<Relay>,
  signal: AbortSignal,
  onNames: (names: readonly string[]) => void,
): () => void {
  return poll({ everyMs: POLL_MS, signal, onlyShown: true }, async () => {
    try {
      const open = await relay;
      const [streams, stats] = await Promise.all([open.streams(), open.stats()]);
      list.update(streams.filter(({ state }) => state !== "ended"));
      kept.update(streams, stats);
      onNames(namesInUse(streams));
    } catch (thrown) {
      const { cause } = explain(thrown);
      list.fail(`The streams cannot be listed now. ${cause}`);
      kept.fail(`What is kept cannot be listed now. ${cause}`);
    }
  });
}
