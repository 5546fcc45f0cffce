import { test } from "@playwright/test";
import { findBrowser } from "../../scripts/find-browser.mjs";
import { findFirefox, findWebKit } from "../../scripts/find-other-browsers.mjs";
import { Chromium } from "./chromium.ts";
import { Firefox } from "./firefox.ts";
import type { DrivenBrowser } from "./tab.ts";
import { WebKit } from "./webkit.ts";

/** Where figures for docs/browsers.md are left. With it Chromium is measured too, which all other tests run in. */
export const REPORTS = process.env.EDDY_BROWSER_REPORTS;

export interface Candidate {
  readonly name: string;
  /** Why there is none, where there is none. */
  readonly missing: string;
  /** Undefined where it is not to be had. */
  open(): Promise<DrivenBrowser> | undefined;
  /** Why a test is left to `npm run docs:browsers`, where it is. */
  readonly skipped?: Readonly<Partial<Record<"file" | "camera" | "offline", string>>>;
}

/** WebKitGTK encodes and draws on the processor, and needs more of two cores for these than other tests leave it. */
const ON_A_QUIET_MACHINE = {
  file: "a viewer opens it on a quiet machine, and not always on one that is busy",
  camera: "seen on a quiet machine only",
  offline: "the page opens, and whether what is kept plays has not been seen yet",
};

export const CANDIDATES: readonly Candidate[] = [
  ...(REPORTS === undefined ? [] : [{ name: "Chromium", missing: "", open: () => Chromium.open(findBrowser()) }]),
  {
    name: "Firefox",
    missing: "no Firefox is installed, and Debian's firefox-esr could not be",
    open: () => opened(findFirefox(), Firefox.open),
  },
  {
    name: "WebKitGTK",
    missing: "WebKitGTK, its driver or Xvfb is not installed, and Debian's webkit2gtk-driver and xvfb could not be",
    open: () => opened(findWebKit(), WebKit.open),
    // With the table they are tried.
    ...(REPORTS === undefined ? { skipped: ON_A_QUIET_MACHINE } : {}),
  },
];

function opened<Found>(
  found: Found | undefined,
  open: (found: Found) => Promise<DrivenBrowser>,
): Promise<DrivenBrowser> | undefined {
  return found === undefined ? undefined : open(found);
}

/** For a `beforeAll`: where there is none its tests are skipped, and not in silence. */
export async function openOrSkip(candidate: Candidate): Promise<DrivenBrowser> {
  // Installing it is part of it.
  test.setTimeout(300_000);
  const driven = await candidate.open();
  if (driven === undefined) console.warn(`\nSKIPPED, ${candidate.name}: ${candidate.missing}\n`);
  // Debian's packages of a second browser are not everywhere to be had, and Chromium alone is what the rest needs.
  test.skip(driven === undefined, candidate.missing);
  return driven as DrivenBrowser; // skip() has thrown where it is none
}
