import { type Clock, systemClock } from "../../model/clock.ts";
import { CONSENT_KEY, pageStore, storeConsent } from "./page-store.ts";
import { type KeyValueStore, UploadMeter } from "./upload-meter.ts";

/** What this browser has sent to other viewers, and may send. */
export interface UploadRecord {
  /** In this calendar month (UTC), over all streams of this origin. Tabs that send now write it once a megabyte. */
  readonly monthBytes: number;
  /** The person's answer, which counts where `upload.consent` is `"ask"`; undefined before there was one. */
  readonly consent: boolean | undefined;
}

/** Reads it anew at each call, without joining a stream. */
export function uploadRecord(): UploadRecord;
/** @internal */
export function uploadRecord(store: KeyValueStore, clock?: Clock): UploadRecord;
export function uploadRecord(store: KeyValueStore = pageStore(), clock = systemClock): UploadRecord {
  const { monthBytes } = new UploadMeter(store, clock);
  return { monthBytes, consent: consentIn(store) };
}

/**
 * The person's answer for all streams of this origin, where `upload.consent` is `"ask"`. Sessions that are open, in any tab, follow within a minute.
 * @throws DOMException where this browser lets the site store nothing
 */
export function setUploadConsent(given: boolean): void;
/** @internal */
export function setUploadConsent(given: boolean, store: KeyValueStore): void;
export function setUploadConsent(given: boolean, store?: KeyValueStore): void {
  storeConsent(given, store);
}

function consentIn(store: KeyValueStore): boolean | undefined {
  try {
    const answer = store.getItem(CONSENT_KEY);
    return answer === null ? undefined : answer === "yes";
  } catch {
    return undefined;
  }
}
