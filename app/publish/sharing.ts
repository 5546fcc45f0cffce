import { hasRelay, type MoqAddress, type PeersAddress, type PublishAddress } from "../address.ts";
import type { Preferences } from "../kit/preferences.ts";

/** Whom a stream is for, beside this browser. */
export interface Sharing {
  /** Other viewers connect to this browser. */
  readonly peers: boolean;
  /** It goes to a relay as well. */
  readonly toRelay: boolean;
  /** As it stands in the form. */
  readonly relayUrl: string;
}

/** What the address says of it, else what this person has set. */
export function initialSharing(address: PublishAddress, preferences: Preferences): Sharing {
  const { moq, server } = address;
  const relayUrl = moq ?? server ?? preferences.moqUrl;
  return { peers: address.peers === "on", toRelay: relayUrl !== "", relayUrl };
}

/** How a stream travels that is shared so. Of a server of one's own only the address knows. */
export function routeOf(
  { toRelay, relayUrl }: Sharing,
  address: PublishAddress,
  preferences: Preferences,
): MoqAddress & Pick<PeersAddress, "signal"> {
  const signal = address.signal ?? (preferences.signalUrl || undefined);
  const meeting = signal === undefined ? {} : { signal };
  const url = relayUrl.trim();
  if (!toRelay || url === "") return meeting;
  const { server, certificate } = address;
  // A certificate is that of the relay which the address names, and of no other.
  const known = hasRelay(address) && (url === address.moq || url === server);
  return {
    ...meeting,
    ...(url === server ? { server: url } : { moq: url }),
    ...(known && certificate !== undefined ? { certificate } : {}),
  };
}
