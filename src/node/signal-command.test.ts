import { expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

function run(args: readonly string[], signal = new AbortController().signal) {
  const out: string[] = [];
  const err: string[] = [];
  const done = runCommand(["signal", ...args], {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    signal,
  });
  return { out, err, done };
}

test("the relay says where it listens, and ends with what it did", async () => {
  const aborter = new AbortController();
  const { out, done } = run(["--port", "0", "--origin", "https://site.example"], aborter.signal);
  await expect.poll(() => out).toHaveLength(1);
  const [, url] = /signalling at (ws:\S+), for https:\/\/site\.example/.exec(out[0] ?? "") ?? [];
  expect(await (await fetch(url?.replace("ws", "http") ?? "")).text()).toContain("signal");
  aborter.abort();
  expect(await done).toBe(0);
  expect(out[1]).toContain("ended: 0 messages in");
});

test.each([
  [["--port", "many"]],
  [["--port", "70000"]],
  [["--host", ""]],
  [["--origin", "site.example"]],
  [["--origin", "https://site.example/path"]],
  [["here"]],
  [["--loud"]],
])("%j is exit code 2, and says what was expected", async (args) => {
  const { err, done } = run(args);
  expect(await done).toBe(2);
  expect(err.join("\n")).toMatch(/expected|Unknown option/);
});

test("a port that is taken is exit code 2", async () => {
  const aborter = new AbortController();
  const first = run(["--port", "0"], aborter.signal);
  await expect.poll(() => first.out).toHaveLength(1);
  const port = /:(\d+),/.exec(first.out[0] ?? "")?.[1] ?? "";
  const second = run(["--port", port]);
  expect(await second.done).toBe(2);
  expect(second.err.join("")).toContain(`could not listen on 127.0.0.1:${port}`);
  aborter.abort();
  await first.done;
});
