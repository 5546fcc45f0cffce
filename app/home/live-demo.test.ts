import type { Relay } from "eddy-hls";
import { expect, test, vi } from "vitest";
import { LiveDemo } from "./live-demo.ts";

const capture = { stop: vi.fn(async () => undefined) };
vi.mock("eddy-hls", async (original) => ({
  ...(await original<typeof import("eddy-hls")>()),
  startCapture: async () => capture,
}));
vi.stubGlobal("document", { createElement: () => new EventTarget() });

test("where there is no relay to publish to, the capture that was begun is stopped", async () => {
  const relay = Promise.reject<Relay>(new Error("no worker"));
  relay.catch(() => undefined);
  const demo = new LiveDemo(relay, () => undefined);
  await expect(demo.start()).rejects.toThrow("no worker");
  expect(capture.stop).toHaveBeenCalledOnce();
  expect(demo.state).toBe("over");
});
