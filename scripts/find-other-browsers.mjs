// Finds a Firefox and a WebKitGTK to test with: one that is named, one that is installed, or Debian's packages.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, findOnPath, runs } from "./find-browser.mjs";

const FIREFOX = ["firefox-esr", "firefox"];
/** GStreamer plays and encodes for WebKitGTK; some of its plug-ins are only recommended to it. */
const WEBKIT_PACKAGES = ["webkit2gtk-driver", "gstreamer1.0-plugins-bad", "gstreamer1.0-libav", "xvfb"];
/** Where systems keep programs that are not meant for the path. */
const LIBRARIES = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib64", "/usr/lib"];

/** Firefox's path; undefined where there is none. `EDDY_FIREFOX` names one. */
export function findFirefox() {
  return (
    process.env.EDDY_FIREFOX ?? findOnPath(FIREFOX) ?? (aptInstall("firefox-esr") ? findOnPath(FIREFOX) : undefined)
  );
}

/** WebKitGTK's driver and its own small browser, and a display in memory; undefined where one of them is missing. */
export function findWebKit() {
  return installedWebKit() ?? (WEBKIT_PACKAGES.every(aptInstall) ? installedWebKit() : undefined);
}

function installedWebKit() {
  const driver = findOnPath(["WebKitWebDriver"]);
  const browser = miniBrowser();
  const display = findOnPath(["Xvfb"]);
  if (driver === undefined || browser === undefined || display === undefined) return undefined;
  return { driver, browser, display };
}

function miniBrowser() {
  for (const library of LIBRARIES) {
    for (const folder of foldersIn(library).filter((name) => /^webkit(2)?gtk-/.test(name))) {
      const path = join(library, folder, "MiniBrowser");
      if (runs(path)) return path;
    }
  }
  return undefined;
}

/** @param {string} path */
function foldersIn(path) {
  try {
    return readdirSync(path).sort();
  } catch {
    return []; // another system's folder
  }
}
