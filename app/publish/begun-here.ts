import { hasRelay, type PublishAddress } from "../address.ts";

/** Of this tab, which no other site can write to. */
const KEY = "eddy live at";

interface Kept {
  getItem(key: string): string | null;
}

/**
 * Whether an address is enough to go live. Anybody can make a link, and a browser asks for the camera once: so a link that would send it to
 * others needs a person, unless this tab has been live at the very same address, as after a reload.
 */
export function beginsByItself(address: PublishAddress, search: string, kept: Kept = sessionStorage): boolean {
  const { source, peers } = address;
  if (source !== "camera" || (peers !== "on" && !hasRelay(address))) return true;
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
