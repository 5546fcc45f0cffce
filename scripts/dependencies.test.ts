import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { auditOf, dependenciesOf, driftOf, importedIn, problemsOf } from "./dependencies.mjs";

const good = {
  version: "1.0.0",
  license: "MIT",
  resolved: "https://registry.npmjs.org/a/-/a.tgz",
  integrity: "sha512-x",
};
type Locked = Partial<typeof good> & Readonly<Record<string, unknown>>;
const lockOf = (packages: Readonly<Record<string, Locked>>) => ({ packages });

test("what is in the package is what its code names and what that needs, each from where Node finds it; what it is built with is not", () => {
  const found = dependenciesOf(
    lockOf({
      "": { devDependencies: { a: "1.0.0", tool: "1.0.0" } },
      "node_modules/a": { ...good, dependencies: { b: "^2.0.0" }, optionalDependencies: { elsewhere: "1" } },
      "node_modules/a/node_modules/b": { ...good, version: "2.0.0", dependencies: { c: "1" } },
      "node_modules/b": { ...good, version: "1.0.0" },
      "node_modules/c": {
        ...good,
        peerDependencies: { d: "1", e: "1" },
        peerDependenciesMeta: { e: { optional: true } },
      },
      "node_modules/d": good,
      "node_modules/e": good,
      "node_modules/tool": { ...good, license: "GPL-3.0" },
    }),
    ["a"],
  );
  expect(found.map(({ name, locked, through }) => [name, locked.version, through])).toEqual([
    ["a", "1.0.0", []],
    ["b", "2.0.0", ["a"]],
    ["c", "1.0.0", ["b"]],
    ["d", "1.0.0", ["c"]],
  ]);
});

test.each([
  ["another licence", { license: "GPL-3.0" }, /licence/],
  ["no licence", { license: undefined }, /got none/],
  ["one that is allowed joined with one that is not", { license: "MIT AND GPL-3.0" }, /licence/],
  ["another source", { resolved: "git+ssh://git@host.test/a.git" }, /registry/],
  ["no hash", { integrity: undefined }, /SHA-512/],
  ["scripts on installation", { hasInstallScript: true }, /scripts/],
  ["a version that was given up", { deprecated: "use b" }, /use b/],
])("a dependency with %s is a problem", (_, change, expected) => {
  const locked = { ...good, ...change };
  const problems = problemsOf(dependenciesOf(lockOf({ "node_modules/a": locked as Locked }) as never, ["a"]));
  expect(problems).toEqual([expect.stringMatching(expected)]);
});

test("one of several licences is enough", () => {
  const lock = lockOf({ "node_modules/a": { ...good, license: "(GPL-2.0 OR MIT)" } });
  expect(problemsOf(dependenciesOf(lock, ["a"]))).toEqual([]);
});

test("a direct dependency that is named by a range, or otherwise than in the lock file, is a problem", () => {
  const lock = lockOf({ "": { dependencies: { a: "^1.0.0" }, devDependencies: { b: "1.2.3", d: "1.0.0" } } });
  const manifest = { dependencies: { a: "^1.0.0" }, devDependencies: { b: "1.2.4", c: "1.0.0" } };
  expect(driftOf(lock as never, manifest)).toEqual([
    "a: expected an exact version, got ^1.0.0",
    "b: package.json has 1.2.4, and package-lock.json 1.2.3: npm install",
    "c: package.json has 1.0.0, and package-lock.json none: npm install",
    "d: package.json has none, and package-lock.json 1.0.0: npm install",
  ]);
});

test("what code imports is found, however it does, and not what its tests or Node have", () => {
  const names = importedIn(["src", "sw", "app"]);
  expect(names).toEqual(expect.arrayContaining(["@noble/ed25519", "@moq/net", "idb", "workbox-core", "ws", "hls.js"]));
  expect(names.filter((name) => /^node:|^eddy-hls|^\.|^vitest$|^fast-check$/.test(name))).toEqual([]);
});

test("every dependency of this package is allowed, and docs/licences.md lists them all", () => {
  const { problems, document } = auditOf();
  expect(problems).toEqual([]);
  expect(readFileSync("docs/licences.md", "utf8"), "npm run licences -- --update").toBe(document);
});
