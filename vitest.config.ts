import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      include: ["src/**/*.test.ts", "sw/**/*.test.ts", "app/**/*.test.ts"],
      environment: "node",
      testTimeout: 180_000,
      // Its files name each other without an ending, which bundlers take and Node does not.
      server: { deps: { inline: ["@moq/msf"] } },
    },
  }),
);
