import { afterEach, expect, test, vi } from "vitest";
import { loadWebTransport } from "./native.ts";

afterEach(() => vi.unstubAllEnvs());

test("what does not load is told in a sentence", () => {
  vi.stubEnv("EDDY_WEB_TRANSPORT", "/nowhere/web-transport.node");
  expect(loadWebTransport()).toMatch(/^@moq\/web-transport does not load on this machine: .*nowhere/);
});
