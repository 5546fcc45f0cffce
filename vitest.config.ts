import { defineConfig, mergeConfig } from "vitest/config";
import viteConfig from "./vite.config.ts";

export default mergeConfig(
  viteConfig,
  defineConfig({
    test: {
      include: ["src/**/*.test.ts", "sw/**/*.test.ts", "app/**/*.test.ts"],
      environment: "node",
      testTimeout: 180_000,
    },
  }),
);
