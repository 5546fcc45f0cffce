import type { IncomingMessage } from "node:http";
import { followOrigin } from "../../../src/follow/follow-origin.ts";
import { testInit, testPart } from "../../../src/media/media.test-support.ts";
import type { Bytes } from "../../../src/model/bytes.ts";
import { isName } from "../../../src/model/ids.ts";
import { MAX_SHARED_PART_BYTES } from "../../../src/model/part-header.ts";
import { OriginSigner } from "../../../src/node/origin-signer.ts";
import { readCommand } from "../../../src/node/run-command.ts";
import { requestOf } from "../../../src/node/serve-node.ts";
import { createSignMatch } from "../../../src/node/sign-handler.ts";
import { validateCommand } from "../../../src/node/validate-command.ts";
import { ENGINES } from "../../../src/simulate/engines.ts";
import { resolveWorld } from "../../../src/simulate/world-options.ts";
import { KeyPair } from "../../../src/swarm/proof/key-pair.ts";
import { decodeSignedHeader } from "../../../src/wire/part-header-codec.ts";
import { JumpClock } from "../jump-clock.ts";
import { expectPatience, oddSite, siteOf } from "../odd-site.ts";
import { bytesOf, expectFinite, type Target, textOf } from "../target.ts";
import { DELTA, MEDIA, MULTIVARIANT } from "./playlists.ts";

const URL_OF_SITE = "https://origin.test/live/main.m3u8";
/** As long as the validator takes until it asks for what is not listed. */
const FOLLOWED_S = 3.5;
const MEDIA_FILES = [testInit(), testPart()];
const LATER = MEDIA.replace(
  "#EXT-X-PRELOAD-HINT",
  '#EXT-X-PART:DURATION=0.5,URI="9.1.mp4"\n#EXT-X-PRELOAD-HINT',
).replaceAll("9.1.mp4", "9.2.mp4");
const ENDED = `${MEDIA}#EXT-X-ENDLIST\n`;
const SITES = [
  siteOf(MULTIVARIANT, MEDIA, LATER),
  siteOf(MEDIA),
  siteOf(ENDED),
  siteOf(MULTIVARIANT, MEDIA, DELTA),
  siteOf(MULTIVARIANT, MEDIA, `@404\n`, LATER),
  siteOf(MULTIVARIANT, `@503 retry-after: 1\n`, MEDIA),
  siteOf(
    MULTIVARIANT,
    MEDIA.replace("PART-TARGET=0.5", "PART-TARGET=0"),
    LATER.replace("PART-TARGET=0.5", "PART-TARGET=0"),
  ),
  siteOf(`@200 access-control-allow-origin: *\n${ENDED}`),
];

/** Node's own parser goes over what is left for each argument, and for each letter of one. */
const MAX_ARGUMENTS = 200;
const MAX_ARGUMENT_LENGTH = 2_000;
const LINES = [
  [
    "validate",
    "https://origin.test/main.m3u8",
    "--seconds",
    "5",
    "--json",
    "--rendition",
    "hd",
    "--origin",
    "https://a.test",
  ],
  ["signal", "--port", "0", "--host", "::1", "--origin", "https://a.test", "--sockets", "9", "--proxied"],
  [
    "sign",
    "https://origin.test/live/main.m3u8",
    "--port",
    "80",
    "--host",
    "a.test",
    "--key",
    "k.pem",
    "--name",
    "studio",
  ],
  ["moq-relay", "--port", "4443", "--host", "0.0.0.0", "--token", "t", "--websocket"],
  [
    "simulate",
    "--peers",
    "5",
    "--minutes",
    "0.1",
    "--seed",
    "7",
    "--engine",
    "swarm,pull,pull-late,tree",
    "--out",
    "o",
    "--json",
  ],
  ["simulate", "--source", "publisher", "--loss", "0.1", "--part-ms", "200", "--flash=2", "--polluters", "1e-1"],
  ["--port=0", "signal", "--", "x"],
  ["--engine", "constructor", "simulate"],
];

const argumentsOf = (bytes: Bytes): string[] =>
  textOf(bytes)
    .split("\n")
    .slice(0, MAX_ARGUMENTS)
    .map((one) => one.slice(0, MAX_ARGUMENT_LENGTH));

/** What each command may be told: nothing else gets as far as to run. */
const EXPECTED: Readonly<Record<string, (given: never) => string>> = {
  validate({ url, seconds, origin }: { url: string; seconds: number; origin?: string }) {
    if (!/^https?:$/.test(new URL(url).protocol)) throw new Error(`url: ${url}`);
    if (!(seconds > 0 && seconds <= 86_400)) throw new Error(`seconds: ${seconds}`);
    new Headers(origin === undefined ? {} : { origin });
    return origin === undefined ? "any origin" : "one origin";
  },
  sign({ name, ...given }: { name: string; url: string; port: number; host: string }) {
    if (!isName(name) || !/^https?:$/.test(new URL(given.url).protocol)) throw new Error(`${name}, ${given.url}`);
    return expectPlace(given);
  },
  signal: (given: { port: number; host: string }) => expectPlace(given),
  "moq-relay": (given: { port: number; host: string }) => expectPlace(given),
  simulate({ engines, world }: { engines: readonly string[]; world: Parameters<typeof resolveWorld>[0] }) {
    if (engines.length < 1 || engines.length > 4) throw new Error(`${engines.length} engines`);
    for (const name of engines) if (!Object.hasOwn(ENGINES, name)) throw new Error(`engine: ${name}`);
    expectFinite("world", resolveWorld(world));
    return `${engines.length} engines, ${Object.keys(world).sort().join().slice(0, 40)}`;
  },
};

function expectPlace({ port, host }: { readonly port: number; readonly host: string }): string {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`port: ${port}`);
  // Where there is none, all addresses of the machine would be listened at.
  if (!/^[^\s\0]+$/.test(host)) throw new Error(`host: ${JSON.stringify(host)}`);
  return `at ${port > 0 ? "a port" : "any port"}`;
}

/** The whole command, over a site that says what the bytes say, in a time that passes by itself. */
async function runValidate(bytes: Bytes): Promise<string> {
  const clock = new JumpClock();
  const site = oddSite(bytes, { media: MEDIA_FILES, clock });
  const told: string[] = [];
  const tell = (text: string): void => void told.push(text);
  try {
    const args = [URL_OF_SITE, "--json", "--seconds", String(FOLLOWED_S)];
    const { signal } = new AbortController();
    const code = await validateCommand.run(validateCommand.read(args), {
      out: tell,
      err: tell,
      signal,
      fetch: site.fetch,
      clock,
    });
    expectPatience(site);
    const report = JSON.parse(told[0] ?? "") as { findings: { rule: number }[]; ended: boolean; playlists: number };
    expectFinite("report", report);
    const rules = [...new Set(report.findings.map(({ rule }) => rule))].sort((a, b) => a - b);
    return `exit code ${code}, rules ${rules.slice(0, 4)}, ${report.ended ? "ended" : "live"}`;
  } finally {
    clock.stop();
  }
}

const keys = await KeyPair.generate();

/** What `eddy-hls sign` does, but for its port: it follows, signs, and answers who asks. */
async function runSign(bytes: Bytes): Promise<string> {
  const clock = new JumpClock();
  const site = oddSite(bytes, { media: MEDIA_FILES, clock });
  const aborter = new AbortController();
  const { signal } = aborter;
  clock.after(FOLLOWED_S * 1000, () => aborter.abort());
  try {
    const follower = await followOrigin({
      url: URL_OF_SITE,
      clock,
      signal,
      maxMediaBytes: MAX_SHARED_PART_BYTES,
      fetch: site.fetch,
      openDeadlineMs: (FOLLOWED_S * 1000) / 2,
    });
    try {
      let told = 0;
      const tell = (): void => void told++;
      const signer = new OriginSigner({ name: "studio", follower, keys, clock, signal, tell });
      const match = createSignMatch(signer);
      await signer.card;
      await signer.run();
      expectPatience(site);
      const card = await match(new Request("http://sign.test/card"));
      if (card?.status !== 200) throw new Error(`the card: ${card?.status}`);
      const header = await match(new Request("http://sign.test/0/9-0"));
      if (header?.status === 200) decodeSignedHeader(new Uint8Array(await header.arrayBuffer()));
      return `${Math.min(signer.signed, 4)} signed, ${header?.status}, ${told > 0 ? "told" : "silent"}`;
    } finally {
      follower.close();
    }
  } catch (thrown) {
    if (signal.aborted && thrown === signal.reason) return "nothing in time";
    throw thrown;
  } finally {
    clock.stop();
  }
}

const PATHS = ["card", "0/9-0?epoch=abc", "15/999999999999999-9999", "0/9-0?epoch=", "%30/9-0", "0/09-0"];

/** One that has ended answers everything at once. */
async function endedSigner() {
  const clock = new JumpClock();
  const { signal } = new AbortController();
  const { fetch } = oddSite(siteOf(ENDED), { media: MEDIA_FILES, clock });
  const follower = await followOrigin({ url: URL_OF_SITE, clock, signal, fetch });
  const signer = new OriginSigner({ name: "studio", follower, keys, clock, signal, tell: () => undefined });
  await signer.run();
  return createSignMatch(signer);
}
const signed = await endedSigner();

/** What `eddy-hls` is told by whoever starts it, and what its commands read. */
export const COMMAND_TARGETS: readonly Target[] = [
  {
    name: "the command line",
    seeds: LINES.map((line) => bytesOf(line.join("\n"))),
    refuses: ["invalid-option"],
    run(bytes) {
      const { name, given } = readCommand(argumentsOf(bytes));
      expectFinite(name, given);
      return `${name} ${EXPECTED[name]?.(given as never)}`;
    },
  },
  {
    name: "eddy-hls validate",
    seeds: SITES,
    refuses: ["source-missing", "invalid-option"],
    isWhole: true,
    run: runValidate,
  },
  {
    name: "eddy-hls sign",
    seeds: SITES,
    refuses: ["origin-unreachable", "origin-malformed"],
    isWhole: true,
    run: runSign,
  },
  {
    name: "requests to eddy-hls sign",
    seeds: PATHS.map((path) => bytesOf(`GET /${path}\nhost: sign.test`)),
    refuses: [],
    async run(bytes) {
      const [line = "", ...fields] = textOf(bytes).split("\n");
      const [method = "", url = ""] = line.split(" ");
      const headers = Object.fromEntries(fields.map((field) => field.split(": ", 2)));
      const request = requestOf({ method, url, headers } as unknown as IncomingMessage, AbortSignal.timeout(60_000));
      if (request === undefined) return "no request";
      const answer = await signed(request);
      if (answer === undefined) return "not ours";
      const { status } = answer;
      if (status >= 500) throw new Error(`status ${status} of ${line}`);
      const body = new Uint8Array(await answer.arrayBuffer());
      return `${status} ${answer.headers.get("cache-control")} ${status === 200 ? body.byteLength > 0 : textOf(body).split(":")[0]}`;
    },
  },
];
