import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContext, chromium, expect } from "@playwright/test";

/** A browser of its own, with a profile that outlives it. */
export interface KillableBrowser {
  readonly context: BrowserContext;
  /** Ends all of its processes at once, as a machine that loses its power does; what it had not written is lost. */
  kill(): Promise<void>;
}

/** Starts a browser on a profile, with one blank tab. */
export async function launchKillable(
  profile: string,
  args: readonly string[],
  executablePath = chromium.executablePath(),
): Promise<KillableBrowser> {
  const portFile = join(profile, "DevToolsActivePort");
  rmSync(portFile, { force: true });
  const child = spawn(
    executablePath,
    [...args, "--headless=new", `--user-data-dir=${profile}`, "--remote-debugging-port=0", "about:blank"],
    // A group of its own: what a browser starts dies with it.
    { detached: true, stdio: "ignore" },
  );
  try {
    await expect
      .poll(() => existsSync(portFile) && readFileSync(portFile, "utf8").includes("\n"), { timeout: 20_000 })
      .toBe(true);
    const [port] = readFileSync(portFile, "utf8").split("\n");
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
    const [context] = browser.contexts();
    if (context === undefined) throw new Error("the browser has no context");
    return {
      context,
      async kill() {
        await killed(child);
        await browser.close().catch(() => undefined);
      },
    };
  } catch (error) {
    await killed(child);
    throw error;
  }
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await gone;
}
