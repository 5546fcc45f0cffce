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

test("a page that does not join with peers, or by a relay, loads nothing of what they need", async () => {
  const all = await chunks();
  const loaded = new Set(all.filter(({ isEntry }) => isEntry));
  for (const { imports } of loaded) for (const chunk of all) if (imports.includes(chunk.fileName)) loaded.add(chunk);
  const modules = (from: Iterable<Chunk>) => [...from].flatMap(({ moduleIds }) => moduleIds);
  const ofOthers = /@trystero-p2p|@noble\/secp256k1|trystero-transport|channel-link|@moq\/|moq-feed|moq-uplink/;
  expect(modules(loaded)).not.toContainEqual(expect.stringMatching(ofOthers));
  // It looked at the right things: they are there, in chunks of their own.
  for (const name of ["@trystero-p2p/core", "@trystero-p2p/nostr", "@trystero-p2p/torrent", "@moq/net"]) {
    expect(modules(all)).toContainEqual(expect.stringContaining(`${name}/`));
  }
});
