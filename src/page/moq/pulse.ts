import type { Connection } from "@moq/net";
import type { Clock } from "../../model/clock.ts";

const LOOK_EVERY_MS = 250;
/** Looks in a row at which nothing had come, although something was sent. */
const MAX_SILENT_LOOKS = 4;

export interface PulseOptions {
  readonly session: Pick<Connection.Established, "stats">;
  readonly clock: Clock;
  readonly lost: () => void;
}

/**
 * Notices that a relay is gone which did not say so: QUIC itself waits for half a minute. A relay that lives acknowledges what is sent
 * to it, and so packets come. Returns how to stop. Where a browser counts no packets, nothing is noticed.
 */
export function watchPulse({ session, clock, lost }: PulseOptions): () => void {
  let cancel: () => void = () => undefined;
  let isOver = false;
  let before: { readonly sent: number; readonly received: number } | undefined;
  let silent = 0;
  const look = async (): Promise<void> => {
    const { packetsSent: sent, packetsReceived: received } = await session.stats();
    if (isOver || sent === undefined || received === undefined) return;
    if (before !== undefined && received > before.received) silent = 0;
    else if (before !== undefined && sent > before.sent) silent += 1;
    before = { sent, received };
    if (silent >= MAX_SILENT_LOOKS) {
      lost();
      return;
    }
    cancel = clock.after(LOOK_EVERY_MS, () => void look().catch(() => undefined));
  };
  void look().catch(() => undefined);
  return () => {
    isOver = true;
    cancel();
  };
}
