import type { KeyValueStore } from "./upload-meter.ts";

/** In which the person's answer is stored, `yes` or `no`. */
export const CONSENT_KEY = "eddy-hls upload consent";

/** `localStorage`; reading the property alone throws where storage is not allowed. */
export function pageStore(): KeyValueStore {
  try {
    return localStorage;
  } catch (thrown) {
    // Each use says so, too: who would take an answer for stored would ask for it again in vain.
    const refuse = (): never => {
      throw thrown;
    };
    return { getItem: refuse, setItem: refuse };
  }
}

/** The person's answer. Throws where nothing can be stored. */
export function storeConsent(given: boolean, store: KeyValueStore = localStorage): void {
  store.setItem(CONSENT_KEY, given ? "yes" : "no");
}
