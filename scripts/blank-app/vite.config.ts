import { defineConfig } from "vite";

export default defineConfig({
  server: { headers: { "Service-Worker-Allowed": "/" } },
  build: {
    rolldownOptions: {
      input: ["index.html", "src/sw.ts"],
      // A worker's URL is its identity: it holds no hash.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
