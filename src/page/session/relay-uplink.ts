import type { Clock } from "../../model/clock.ts";
import type { StreamOptions } from "../../model/options.ts";
import { loadCode } from "../load-code.ts";
import type { RelaySource } from "./relay-feed.ts";
import type { SeedSink } from "./seeder.ts";
import type { SessionRelay } from "./session-stats.ts";

/** Sends to a relay what a page publishes. */
export interface RelayUplink extends SeedSink {
  readonly stats: SessionRelay;
  close(): void;
}

export interface RelayUplinkOptions {
  readonly name: string;
  readonly options: StreamOptions;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Each kind is loaded when it is used. Connects by itself, again and again. */
export async function openRelayUplink(source: RelaySource, options: RelayUplinkOptions): Promise<RelayUplink> {
  if (source.kind === "webtransport") {
    const { WebTransportUplink } = await loadCode("relays", import("../webtransport/web-transport-uplink.ts"));
    return new WebTransportUplink(source, options);
  }
  const { MoqUplink } = await loadCode("relays", import("../moq/moq-uplink.ts"));
  return new MoqUplink(source, options);
}
