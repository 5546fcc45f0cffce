import { type PublishAddress, publishSearch, watchSearch } from "../address.ts";
import { readPreferences } from "../kit/preferences.ts";
import type { LiveSession } from "./live-session.ts";
import { routeOf } from "./sharing.ts";

/** The link by which a live stream is watched. */
export function watchLink({ name, settings, seeding }: LiveSession, address: PublishAddress): string {
  const { peers } = settings.sharing;
  const route = routeOf(settings.sharing, address, readPreferences());
  const search = watchSearch(name, { ...route, peers, ...(seeding === undefined ? {} : { key: seeding.fingerprint }) });
  return new URL(`./${search}`, location.href).href;
}

/** The page's own address while live: opened again, it publishes the same. */
export function liveSearch({ name, source, settings }: LiveSession, address: PublishAddress): string {
  const { signal, ...relay } = routeOf(settings.sharing, address, readPreferences());
  const { peers } = settings.sharing;
  return publishSearch({
    name,
    source: source.kind,
    partTargetMs: settings.partTargetMs,
    ...(peers ? { peers: "on" } : {}),
    ...(peers && signal !== undefined ? { signal } : {}),
    ...relay,
  });
}
