import type { KeyValueStore } from "./upload-meter.ts";

/** In which the person's answer is stored, `yes` or `no`. */
export const CONSENT_KEY = "eddy-hls upload consent";

/** `localStorage`; reading the property alone throws where storage is not allowed. */
export function pageStore(): KeyValueStore {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
}

/** The person's answer. Throws where nothing can be stored. */
export function storeConsent(given: boolean, store: KeyValueStore = localStorage): void {
  store.setItem(CONSENT_KEY, given ? "yes" : "no");
}
