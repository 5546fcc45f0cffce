import { type Relay, RelayError } from "eddy-hls";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { press, stubElements } from "../kit/drawn.test-support.ts";
import { FaultsPanel } from "./faults-panel.ts";

vi.mock("lit-html", async (original) => ({
  ...(await original<object>()),
  render: (await import("../kit/drawn.test-support.ts")).drawInto,
}));

beforeEach(() => {
  stubElements();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is told once the network was to be dropped, and ought to be back. */
async function toldOfOffline(fault: () => Promise<void>): Promise<string> {
  const relay = { diagnostics: { fault } } as unknown as Relay;
  const panel = new FaultsPanel(relay, new AbortController().signal);
  const session = { role: "leader", peers: [] } as never;
  panel.show({ name: "studio", stream: undefined, playlist: "", session, isPublished: false });
  await vi.advanceTimersByTimeAsync(0);
  press(panel.root, "offline");
  await vi.advanceTimersByTimeAsync(6_000);
  return panel.told.join("\n");
}

test("the network is told to be back where it was dropped, and only there", async () => {
  expect(await toldOfOffline(async () => undefined)).toMatch(/The network is dropped.*The network is back/s);
  const failed = await toldOfOffline(() => Promise.reject(new RelayError("stream-not-found", "it is gone")));
  expect(failed).toContain("There is no stream of that name");
  expect(failed).not.toContain("The network is back");
});
