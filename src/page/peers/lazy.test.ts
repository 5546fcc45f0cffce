import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";

interface Chunk {
  readonly fileName: string;
  readonly isEntry: boolean;
  readonly imports: readonly string[];
  readonly moduleIds: readonly string[];
}

/** What a site gets that uses the library's page side, bundled as it would. */
async function chunks(): Promise<readonly Chunk[]> {
  const built = await build({
    configFile: false,
    logLevel: "silent",
    publicDir: false,
    worker: { format: "es" },
    build: {
      write: false,
      minify: false,
      lib: { entry: fileURLToPath(new URL("../index.ts", import.meta.url)), formats: ["es"], fileName: "page" },
    },
  });
  const [{ output } = { output: [] }] = [built].flat() as unknown as { output: readonly Chunk[] }[];
  return output.filter(({ moduleIds }) => moduleIds !== undefined);
}

type Modules = readonly string[];

/** What is loaded with the chunks that hold these modules, and with the entry. */
function loadedWith(all: readonly Chunk[], ...names: readonly string[]): Modules {
  const loaded = new Set(
    all.filter(({ isEntry, moduleIds }) => isEntry || names.some((name) => moduleIds.some((id) => id.endsWith(name)))),
  );
  for (const { imports } of loaded) for (const chunk of all) if (imports.includes(chunk.fileName)) loaded.add(chunk);
  return [...loaded].flatMap(({ moduleIds }) => moduleIds);
}

const matching = (pattern: RegExp) => expect.stringMatching(pattern);
const PEERS = /@trystero-p2p|@noble\/secp256k1|trystero-transport|channel-link|src\/swarm\/swarm\.ts/;
const MOQ = /@moq\/|moq-feed|moq-uplink/;
const ORIGIN = /src\/follow\/|origin-feed/;
const all = chunks();

test("a page loads nothing of publishing, capturing, joining, peers or relays before it does so", async () => {
  const modules = loadedWith(await all);
  for (const pattern of [PEERS, MOQ, ORIGIN, /publisher\.ts|step-journal|worker-capture|page\/session\//])
    expect(modules).not.toContainEqual(matching(pattern));
});

test("joining by peers loads nothing of origins, and joining by an origin nothing of peers", async () => {
  const join = "page/session/join.ts";
  const byPeers = loadedWith(await all, join, "peer-code.ts");
  expect(byPeers).toContainEqual(matching(PEERS));
  for (const pattern of [ORIGIN, MOQ]) expect(byPeers).not.toContainEqual(matching(pattern));
  const byOrigin = loadedWith(await all, join, "origin-code.ts");
  expect(byOrigin).toContainEqual(matching(ORIGIN));
  for (const pattern of [PEERS, MOQ]) expect(byOrigin).not.toContainEqual(matching(pattern));
});

test("what is loaded late is there, in chunks of its own", async () => {
  const modules = (await all).flatMap(({ moduleIds }) => moduleIds);
  for (const name of ["@trystero-p2p/core", "@trystero-p2p/nostr", "@trystero-p2p/torrent", "@moq/net"])
    expect(modules).toContainEqual(expect.stringContaining(`${name}/`));
  for (const pattern of [/publisher\.ts/, /worker-capture\.ts/, ORIGIN])
    expect(modules).toContainEqual(matching(pattern));
});
