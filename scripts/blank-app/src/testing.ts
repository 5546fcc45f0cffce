import { test as base, expect } from "@playwright/test";
import { type LiveOriginFixtures, liveOriginFixtures, originMatchers } from "eddy-hls/testing";

/** Checked, and not run: that the kit's types go with Playwright's. */
export const test = base.extend<LiveOriginFixtures>(liveOriginFixtures);
expect.extend(originMatchers);
