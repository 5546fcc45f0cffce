import { type Relay, RelayError } from "eddy-hls";
import { beforeEach, expect, test, vi } from "vitest";
import { stubElements, textOf } from "../kit/drawn.test-support.ts";
import { RecordingSection } from "./recording-section.ts";

vi.mock("lit-html", async (original) => ({
  ...(await original<object>()),
  render: (await import("../kit/drawn.test-support.ts")).drawInto,
}));

beforeEach(() => {
  stubElements();
  vi.stubGlobal("localStorage", { getItem: () => null });
});

test("where no worker answers, that is said, and not that it is looked for still", async () => {
  const { root } = new RecordingSection(Promise.reject<Relay>(new RelayError("worker-unreachable", "it is gone")));
  expect(textOf(root)).toContain("Looking…");
  await expect.poll(() => textOf(root)).toContain("does not start or does not answer");
  expect(textOf(root)).not.toContain("Looking…");
});
