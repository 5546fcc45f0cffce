import { defineConfig } from "@playwright/test";
import { findBrowser, findFfmpeg } from "./scripts/find-browser.mjs";
import { patchedWebTransport } from "./scripts/patched-web-transport.mjs";

// Found once: Playwright's own processes read this file again, and inherit what was found.
process.env.EDDY_BROWSER ??= findBrowser();
process.env.EDDY_FFMPEG ??= findFfmpeg();
// On an older glibc, a copy of the WebTransport server that loads.
const webTransport = patchedWebTransport();
if (webTransport !== undefined) process.env.EDDY_WEB_TRANSPORT ??= webTransport;
// Not the port of `npm run preview`, so that tests run beside a demo that is open.
const port = Number(process.env.EDDY_PORT ?? 4183);

/**
 * What is held to a latency, to a rate or to an unbroken picture, or wants a moment in which nothing happens (an update of the worker): live media on
 * few cores, where tests that ran side by side would measure each other.
 */
const ALONE = [
  "app/{home,inspect-load}.spec.ts",
  "browsers/*.spec.ts",
  "testing-kit/*.spec.ts",
  "{files,hidden-tab,join,kill,live,moq,players,producer-loss,publisher,webtransport,worker}.spec.ts",
];
/** Eight browsers' worth of tabs want a machine of their own: `npm run e2e:swarm`. NATs want root: `npm run e2e:nat`. */
const ELSEWHERE = ["swarm/**", "nat/**"];

export default defineConfig({
  testDir: "e2e",
  projects: [
    { name: "shared", testIgnore: [...ELSEWHERE, ...ALONE.map((files) => `**/${files}`)] },
    { name: "alone", testMatch: ALONE.map((files) => `**/${files}`), testIgnore: ELSEWHERE, workers: 1 },
  ],
  outputDir: "test-results",
  workers: 2,
  fullyParallel: false,
  forbidOnly: process.env.CI !== undefined,
  retries: 0,
  timeout: 60_000,
  // What is waited for comes in real time, on a machine that may be busy: six seconds of media take six at least.
  expect: { timeout: 15_000 },
  use: {
    baseURL: `http://localhost:${port}`,
    // A trace takes pictures all the time, and so a share of the two cores that the tests measure.
    trace: "off",
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.EDDY_BROWSER,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
      ],
    },
  },
  webServer: {
    command: `npx vite preview --port ${port}`,
    url: `http://localhost:${port}/`,
    // Also for who takes this configuration from another folder.
    cwd: import.meta.dirname,
    reuseExistingServer: false,
  },
});
