// Finds a Chromium to test with: the one that is named, one that is installed, Playwright's own, or one from apt.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "@playwright/test";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const APPS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** @param {string} path */
export function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {readonly string[]} names */
export function findOnPath(names) {
  const folders = (process.env.PATH ?? "").split(delimiter);
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (runs(path)) return path;
    }
  }
  return undefined;
}

/**
 * Installs one of Debian's packages, where that may be done without asking.
 * @param {string} name
 */
export function aptInstall(name) {
  if (process.getuid?.() !== 0 || findOnPath(["apt-get"]) === undefined) return false;
  console.log(`installing ${name} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", env });
  return (
    spawnSync("apt-get", ["install", "-y", "-qq", name], { stdio: ["ignore", "ignore", "inherit"], env }).status === 0
  );
}

function installed() {
  return findOnPath(NAMES) ?? APPS.find(runs);
}

function playwrightOwn() {
  const path = chromium.executablePath();
  if (runs(path)) return path;
  console.log("no browser is installed: asking Playwright for its own");
  const done = spawnSync("npx", ["playwright", "install", "--with-deps", "chromium"], {
    stdio: "inherit",
    shell: process.platform === "win32",
    timeout: 300_000,
  });
  return done.status === 0 && runs(path) ? path : undefined;
}

/** The browser's path. Ends the process with a clear message where there is none. */
export function findBrowser() {
  const named = process.env.EDDY_BROWSER;
  if (named !== undefined) {
    if (runs(named)) return named;
    console.error(`EDDY_BROWSER: expected the path of a browser, got ${named}`);
    process.exit(1);
  }
  const found = installed() ?? playwrightOwn() ?? (aptInstall("chromium") ? installed() : undefined);
  if (found !== undefined) return found;
  console.error(
    "The end-to-end tests need Chromium or Chrome. None is installed, Playwright could not download its own, and\n" +
      "apt-get was not at hand. Install one, or name it: EDDY_BROWSER=/path/to/chrome npm test",
  );
  process.exit(1);
}

/** ffmpeg, which some tests make their files with. Ends the process with a clear message where there is none. */
export function findFfmpeg() {
  const found = findOnPath(["ffmpeg"]) ?? (aptInstall("ffmpeg") ? findOnPath(["ffmpeg"]) : undefined);
  if (found !== undefined) return found;
  console.error(
    "The end-to-end tests make their files with ffmpeg, and it is not installed. Install it and try again.",
  );
  process.exit(1);
}
