import { defineConfig } from "vite";

export default defineConfig({
  plugins: [
    {
      name: "worker-source",
      // In development the worker is its source, under the name that it has in the build.
      configureServer({ middlewares }) {
        middlewares.use((request, _, next) => {
          if (request.url === "/sw.js") request.url = "/sw.ts";
          next();
        });
      },
    },
  ],
  build: {
    target: "es2022",
    rolldownOptions: {
      input: [
        "sw.ts",
        ...["hls-js", "shaka", "video-js", "react", "peer-assisted", "canvas", "offline-dvr"].map(
          (example) => `${example}/index.html`,
        ),
      ],
      // A worker's URL is its identity: it holds no hash.
      output: { entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js") },
    },
  },
});
