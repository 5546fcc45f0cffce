import { RelayError } from "../../model/errors.ts";

export interface OriginAssets {
  readonly worker: string;
  readonly producer: string;
}

/** From the modules of the package, and from these sources. */
const FOLDERS = ["../../../testing/", "../../../dist/testing/"];

let loaded: Promise<OriginAssets> | undefined;

/** The scripts that run in the browser, as the build made them. @throws RelayError `internal` where there are none */
export function originAssets(): Promise<OriginAssets> {
  loaded ??= load();
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

async function load(): Promise<OriginAssets> {
  const { readFile } = await import("node:fs/promises");
  const read = async (name: string): Promise<string> => {
    for (const folder of FOLDERS) {
      const text = await readFile(new URL(`${folder}${name}`, import.meta.url), "utf8").catch(() => undefined);
      if (text !== undefined) return text;
    }
    throw new RelayError(
      "internal",
      `${name}: expected it beside the package or in dist/testing: npm run build makes it`,
    );
  };
  const [worker, producer] = await Promise.all([read("origin-worker.js"), read("origin-producer.js")]);
  return { worker, producer };
}
