import { systemClock } from "../../model/clock.ts";
import type { SessionStats } from "./session-stats.ts";
import { TabChannel } from "./tab-channel.ts";

/** Hears how a stream is doing that some tab of this browser has joined, without joining it. Returns how to stop. */
export function observeSession(base: string, name: string, heard: (stats: SessionStats) => void): () => void {
  const channel = new TabChannel({
    channel: new BroadcastChannel(sessionId(base, name)),
    clock: systemClock,
    tab: crypto.randomUUID(),
    stats: heard,
    hello: () => undefined,
    buffer: () => undefined,
    consent: () => undefined,
  });
  return () => channel.close();
}

/** One for each stream of each base: names the lock and the channel of its tabs. */
export function sessionId(base: string, name: string): string {
  return `eddy ${base}${name}`;
}
