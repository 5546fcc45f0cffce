import { afterEach, expect, test, vi } from "vitest";
import { runCommand } from "./run-command.ts";

afterEach(() => vi.restoreAllMocks());

/** Runs the command until `until` is printed, and returns what was. */
async function run(args: readonly string[], until = "at http"): Promise<{ code: number; printed: string }> {
  for (const level of ["debug", "info", "warn", "error"] as const) vi.spyOn(console, level).mockReturnValue();
  const aborter = new AbortController();
  let printed = "";
  const print = (text: string): void => {
    printed += `${text}\n`;
    if (printed.includes(until)) aborter.abort();
  };
  const code = await runCommand(["moq-relay", ...args], { out: print, err: print, signal: aborter.signal });
  return { code, printed };
}

test("it says that it is for development, and the hash of its certificate, and ends when asked to", async () => {
  const { code, printed } = await run(["--port", "0"]);
  expect(code).toBe(0);
  expect(printed).toMatch(/for development at http:\/\/127\.0\.0\.1:\d+, not for an audience/);
  expect(printed).toMatch(/certificate [0-9a-f]{64}/);
  expect(printed).toContain("ended");
});

test("it says why there is WebSocket alone", async () => {
  const { printed } = await run(["--port", "0", "--websocket"]);
  expect(printed).toContain("WebSocket alone: WebTransport is switched off");
});

test.each([
  { args: ["--port", "70000"], tells: "from 0 to 65535, got 70000" },
  { args: ["--port", "x"], tells: "got x" },
  { args: ["--host", ""], tells: 'expected a host or an address, got ""' },
  { args: ["what"], tells: 'expected no "what"' },
  { args: ["--no-such-option"], tells: "usage: eddy-hls moq-relay" },
])("$args is refused", async ({ args, tells }) => {
  const { code, printed } = await run(args);
  expect(code).toBe(2);
  expect(printed).toContain(tells);
});
