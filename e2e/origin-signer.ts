import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signCommand } from "../src/node/sign-command.ts";
import { SIGNER } from "./ffmpeg-origin.ts";

export interface RunningSigner {
  /** Where the headers are. */
  readonly url: string;
  readonly fingerprint: string;
  /** The private key, in base64: what only an attacker in a test may have. */
  readonly key: string;
  close(): Promise<void>;
}

/** `eddy-hls sign` beside an origin, which does not count what it asks for: no viewer gets it. */
export async function startSigner(origin: string): Promise<RunningSigner> {
  const folder = mkdtempSync(join(tmpdir(), "eddy-sign-"));
  const aborter = new AbortController();
  const lines: string[] = [];
  const told = (word: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`  ${word}`))
      ?.slice(2 + word.length)
      .trim();
  let heard = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    heard = () => {
      if (told("fingerprint") !== undefined) resolve();
    };
  });
  const ended = signCommand.run(signCommand.read([origin, "--port", "0", "--key", join(folder, "key.pem")]), {
    out(text) {
      lines.push(text);
      heard();
    },
    err: () => undefined,
    signal: aborter.signal,
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, [SIGNER]: "1" } }),
  });
  await Promise.race([ready, ended]);
  return {
    url: told("headers") ?? "",
    fingerprint: told("fingerprint") ?? "",
    key: readFileSync(join(folder, "key.pem"), "utf8").replaceAll(/-----[^-]+-----|\s/g, ""),
    async close() {
      aborter.abort();
      await ended.catch(() => undefined);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
