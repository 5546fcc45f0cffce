/**
 * An entry point of the package, and the host whose types its declarations are made with.
 * @typedef {object} Entry
 * @property {string} name As it is imported.
 * @property {string} file Of its report and of its page, without the ending.
 * @property {string} source
 * @property {"page" | "worker" | "node"} host Which `tsconfig.lib-*.json` declares it.
 * @property {string[]} lib What its declarations are read with.
 * @property {string[]} types
 */

/** @type {readonly Entry[]} */
export const ENTRIES = [
  {
    name: "eddy-hls",
    file: "page",
    source: "src/page/index.ts",
    host: "page",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: [],
  },
  {
    name: "eddy-hls/worker",
    file: "worker",
    source: "sw/index.ts",
    host: "worker",
    lib: ["ES2023", "WebWorker"],
    types: [],
  },
  {
    name: "eddy-hls/core",
    file: "core",
    source: "src/core.ts",
    host: "worker",
    lib: ["ES2023"],
    types: ["node"],
  },
  {
    name: "eddy-hls/testing",
    file: "testing",
    source: "src/testing/index.ts",
    host: "node",
    lib: ["ES2023", "DOM", "DOM.Iterable"],
    types: ["node"],
  },
];
