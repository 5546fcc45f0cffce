import { defineConfig, mergeConfig } from "vitest/config";
import { patchedWebTransport } from "./scripts/patched-web-transport.mjs";
import viteConfig from "./vite.config.ts";

// On an older glibc, a copy of the WebTransport server that loads. Inherited by the processes that run the tests.
const webTransport = patchedWebTransport();
if (webTransport !== undefined) process.env.EDDY_WEB_TRANSPORT ??= webTransport;

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      include: [
        "src/**/*.test.ts",
        "sw/**/*.test.ts",
        "app/**/*.test.ts",
        "bench/**/*.test.ts",
        "scripts/**/*.test.ts",
      ],
      environment: "node",
      testTimeout: 180_000,
      // Its files name each other without an ending, which bundlers take and Node does not.
      server: { deps: { inline: ["@moq/msf"] } },
    },
  }),
);
