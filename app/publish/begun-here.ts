import type { SourceKind } from "../address.ts";
import type { Sharing } from "./sharing.ts";

/** Of this tab, which no other site can write to. */
const KEY = "eddy live at";

interface Kept {
  getItem(key: string): string | null;
}

/**
 * Whether an address is enough to go live. Anybody can make a link, and a browser asks for the camera once: so a link that would send it to
 * others, by what it says or by what is set for every stream, needs a person, unless this tab has been live at the very same address, as after
 * a reload.
 */
export function beginsByItself(
  { source, sharing }: { readonly source: SourceKind; readonly sharing: Pick<Sharing, "peers" | "toRelay"> },
  search: string,
  kept: Kept = sessionStorage,
): boolean {
  if (source !== "camera" || (!sharing.peers && !sharing.toRelay)) return true;
  try {
    return kept.getItem(KEY) === search;
  } catch {
    return false;
  }
}

/** This tab is live at an address. */
export function rememberLive(
  search: string,
  store: { setItem(key: string, value: string): void } = sessionStorage,
): void {
  try {
    store.setItem(KEY, search);
  } catch {
    // A reload has to be followed by a click.
  }
}
