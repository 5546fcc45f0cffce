// What the package depends on, by its code and the lock file: no network, and nothing of node_modules is run.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Locked
 * @property {string} [version]
 * @property {string} [license]
 * @property {string} [resolved]
 * @property {string} [integrity]
 * @property {boolean} [hasInstallScript]
 * @property {boolean} [optional]
 * @property {string} [deprecated]
 * @property {Record<string, string>} [dependencies]
 * @property {Record<string, string>} [optionalDependencies]
 * @property {Record<string, string>} [peerDependencies]
 * @property {Record<string, { optional?: boolean }>} [peerDependenciesMeta]
 * @property {Record<string, string>} [devDependencies]
 */
/** @typedef {{ readonly packages: Readonly<Record<string, Locked>> }} Lock */
/** @typedef {{ readonly name: string, readonly path: string, readonly locked: Locked, readonly through: readonly string[] }} Dependency */

/** Of what is installed with the package: permissive, or a copyleft that ends at the file. */
const ALLOWED = new Set([
  "MIT",
  "Apache-2.0",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "CC0-1.0",
  "Unlicense",
  "MPL-2.0",
]);
const REGISTRY = "https://registry.npmjs.org/";

/**
 * Names of the packages that code in these folders imports. Tests are no part of what is given away.
 * @param {readonly string[]} folders
 * @returns {readonly string[]} in order, each once
 */
export function importedIn(folders) {
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts") && !/\.test\.ts$|test-support/.test(path))
      .map((path) => join(folder, path)),
  );
  const names = files.flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(
        /^(?:import|export)\b[^"';]*?from "([^".][^"]*)"|^import "([^".][^"]*)"|\bimport\("([^".][^"]*)"\)/gm,
      ),
    ].map(([, from, alone, later]) => packageOf(from ?? alone ?? later ?? "")),
  );
  return [...new Set(names)].filter((name) => !name.startsWith("node:") && name !== "eddy-hls").sort();
}

/** Of `@scope/name/file.js` and the like. @param {string} path */
function packageOf(path) {
  return path
    .split("/")
    .slice(0, path.startsWith("@") ? 2 : 1)
    .join("/");
}

/**
 * These packages and all that they need: their dependencies, and peers that are not optional.
 * @param {Lock} lock
 * @param {readonly string[]} roots
 * @returns {readonly Dependency[]} in the order of their names
 */
export function dependenciesOf({ packages }, roots) {
  /** @type {Map<string, { name: string, through: Set<string> }>} */
  const found = new Map();
  /** @type {{ name: string, from: string, through: string }[]} */
  const waiting = roots.map((name) => ({ name, from: "", through: "" }));
  for (const { name, from, through } of waiting) {
    const path = resolve(packages, name, from);
    const locked = packages[path];
    // An optional one that is for another system, or was left out.
    if (locked === undefined) continue;
    const known = found.get(path);
    if (through !== "") known?.through.add(through);
    if (known !== undefined) continue;
    found.set(path, { name, through: new Set(through === "" ? [] : [through]) });
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = locked;
    const peers = Object.keys(peerDependencies).filter((peer) => peerDependenciesMeta[peer]?.optional !== true);
    for (const next of [...Object.keys(dependencies), ...Object.keys(optionalDependencies), ...peers])
      waiting.push({ name: next, from: path, through: name });
  }
  return [...found]
    .map(([path, { name, through }]) => ({ name, path, locked: packages[path] ?? {}, through: [...through].sort() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

const EXACT = /^\d+\.\d+\.\d+(?:-[\w.]+)?$/;

/** As Node looks for it: beside who asks, and then further up. @type {(packages: Lock["packages"], name: string, from: string) => string} */
function resolve(packages, name, from) {
  for (let at = from; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = `${at}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
  }
  return `node_modules/${name}`;
}

/**
 * What must not be: a licence that is not allowed, a source that is not the registry or is not fixed by a hash, scripts that run when it is installed, a version
 * that its authors have given up.
 * @param {readonly Dependency[]} dependencies
 * @returns {readonly string[]}
 */
export function problemsOf(dependencies) {
  return dependencies.flatMap(({ name, locked }) => {
    const { version, license, resolved, integrity = "", hasInstallScript, deprecated } = locked;
    const is = `${name}@${version}`;
    return [
      ...(isAllowed(license)
        ? []
        : [`${is}: expected a licence of ${[...ALLOWED].join(", ")}, got ${license ?? "none"}`]),
      // The lock file leaves out where something comes from that comes from the registry (.npmrc).
      ...(resolved === undefined || resolved.startsWith(REGISTRY)
        ? []
        : [`${is}: expected to come from ${REGISTRY}, got ${resolved}`]),
      ...(integrity.startsWith("sha512-") ? [] : [`${is}: expected a SHA-512 of it in the lock file, got none`]),
      ...(hasInstallScript === true ? [`${is}: expected no scripts that run when it is installed, got some`] : []),
      ...(deprecated === undefined ? [] : [`${is}: is deprecated: ${deprecated}`]),
    ];
  });
}

/** An SPDX expression: one of several is enough, all of those that are joined are needed. @param {string | undefined} license */
function isAllowed(license) {
  if (typeof license !== "string") return false;
  return license
    .replaceAll(/[()]/g, "")
    .split(" OR ")
    .some((choice) => choice.split(" AND ").every((one) => ALLOWED.has(one.trim())));
}

/**
 * What package.json says that the lock file does not, and dependencies that are named by a range: what is installed would not be what was
 * tested.
 * @param {Lock} lock
 * @param {Locked} manifest package.json
 * @returns {readonly string[]}
 */
export function driftOf({ packages }, manifest) {
  const locked = packages[""] ?? {};
  return /** @type {const} */ (["dependencies", "devDependencies"]).flatMap((kind) => {
    const [said, known] = [manifest[kind] ?? {}, locked[kind] ?? {}];
    return [...new Set([...Object.keys(said), ...Object.keys(known)])].flatMap((name) => [
      ...(said[name] === known[name]
        ? []
        : [
            `${name}: package.json has ${said[name] ?? "none"}, and package-lock.json ${known[name] ?? "none"}: npm install`,
          ]),
      ...(said[name] === undefined || EXACT.test(said[name])
        ? []
        : [`${name}: expected an exact version, got ${said[name]}`]),
    ]);
  });
}

/** docs/licences.md. @param {readonly Dependency[]} dependencies */
export function licencesOf(dependencies) {
  const counts = new Map();
  for (const { locked } of dependencies) counts.set(locked.license, (counts.get(locked.license) ?? 0) + 1);
  const rows = dependencies.map(
    ({ name, locked, through }) =>
      `| [\`${name}\`](https://www.npmjs.com/package/${name}) | ${locked.version} | ${locked.license} | ${through.map((one) => `\`${one}\``).join(", ") || "this package"} |`,
  );
  const summary = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([license, count]) => `${license}: ${count}`);
  return `# Licences of what is in this package

Eddy is under the [MIT licence](../LICENSE). These are the packages that its library, its command and its demo name, and what those need. What of them is built
into the package comes with its licence's text in \`lib/third-party-licenses.md\`.

Made from package-lock.json by \`npm run licences -- --update\`. \`npm run licences\` holds it against that file, and each package against what is
allowed: a licence of the list in \`scripts/dependencies.mjs\`, the registry as its source with a SHA-512, no script that runs when it is
installed, and no version that was given up.

${dependencies.length} packages. ${summary.join("; ")}.

| package | version | licence | needed by |
|---|---|---|---|
${rows.join("\n")}
`;
}

/** Of this package, as it stands in the working folder. */
export function auditOf() {
  /** @type {Lock} */
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
  /** @type {Locked} */
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const roots = new Set([...importedIn(["src", "sw", "app"]), ...Object.keys(manifest.dependencies ?? {})]);
  // Part of the tests' kit, for who has them: not in the package.
  for (const peer of Object.keys(manifest.peerDependencies ?? {})) roots.delete(peer);
  const dependencies = dependenciesOf(lock, [...roots].sort());
  const missing = [...roots].filter((name) => !dependencies.some((one) => one.name === name));
  return {
    dependencies,
    problems: [
      ...missing.map((name) => `${name}: expected in package-lock.json, got none`),
      ...problemsOf(dependencies),
      ...driftOf(lock, manifest),
    ],
    document: licencesOf(dependencies),
  };
}
