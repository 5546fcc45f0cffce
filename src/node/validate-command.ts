import { parseArgs } from "node:util";
import type { Clock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { Fetch } from "../validate/exchange.ts";
import type { Finding } from "../validate/finding.ts";
import { type ValidationReport, validate } from "../validate/validate.ts";

const USAGE = `usage: eddy-hls validate <url> [--seconds 30] [--json] [--rendition id]... [--origin origin]

Follows a live LL-HLS presentation and holds it against the rules of a conforming origin.

  --seconds n      how long; default 30, less if the stream ends
  --json           the whole report as JSON, and nothing else, on standard output
  --rendition id   only this one, as often as you like; default all
  --origin origin  an origin that must be allowed to read (CORS), such as https://player.example

Exit code: 0 without a MUST finding, 1 with one, 2 when there is no playlist to look at or no such option.`;

export interface CommandContext {
  readonly out: (text: string) => void;
  /** For progress and errors. */
  readonly err: (text: string) => void;
  /** Ends the run; the report so far is printed. */
  readonly signal: AbortSignal;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
}

const PROGRESS_MS = 5_000;
const MAX_SECONDS = 24 * 3600;

interface Arguments {
  readonly url: string;
  readonly seconds: number;
  readonly json: boolean;
  readonly renditions: readonly string[];
  readonly origin: string | undefined;
}

/** Runs `eddy-hls <args>`; returns its exit code. */
export async function runCommand(args: readonly string[], context: CommandContext): Promise<0 | 1 | 2> {
  if (args.length === 0 || args.includes("--help") || args.includes("-h")) {
    (args.length === 0 ? context.err : context.out)(USAGE);
    return args.length === 0 ? 2 : 0;
  }
  try {
    return await validateCommand(readArguments(args), context);
  } catch (thrown) {
    context.err(RelayError.from(thrown).message);
    return 2;
  }
}

/** @throws RelayError `invalid-option` */
function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [command, url, ...more] = positionals;
  if (command !== "validate" || url === undefined || more.length > 0) {
    throw new RelayError("invalid-option", `expected "validate <url>", got "${positionals.join(" ")}"\n\n${USAGE}`);
  }
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new RelayError("invalid-option", `url: expected one of http or https, got ${url}`);
  }
  const seconds = Number(values.seconds);
  if (!(seconds > 0 && seconds <= MAX_SECONDS)) {
    throw new RelayError(
      "invalid-option",
      `--seconds: expected above 0 and at most ${MAX_SECONDS}, got ${values.seconds}`,
    );
  }
  const { json, rendition: renditions, origin } = values;
  return { url, seconds, json, renditions, origin };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        seconds: { type: "string", default: "30" },
        json: { type: "boolean", default: false },
        rendition: { type: "string", multiple: true, default: [] },
        origin: { type: "string" },
      },
    });
  } catch (cause) {
    throw new RelayError("invalid-option", `${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`, { cause });
  }
}

async function validateCommand({ url, seconds, json, renditions, origin }: Arguments, context: CommandContext) {
  const { out, err, signal, fetch, clock } = context;
  const now = (): number => clock?.now() ?? performance.now();
  const startMs = now();
  let playlists = 0;
  let findings = 0;
  let toldMs = 0;
  const report = await validate(url, {
    durationMs: seconds * 1000,
    signal,
    renditions,
    ...(origin === undefined ? {} : { allowedOrigin: origin }),
    ...(fetch === undefined ? {} : { fetch }),
    ...(clock === undefined ? {} : { clock }),
    onFinding: (finding) => {
      findings += 1;
      if (!json) out(textOf(finding));
    },
    onPlaylist: () => {
      playlists += 1;
      const ranMs = now() - startMs;
      if (ranMs - toldMs < PROGRESS_MS) return;
      toldMs = ranMs;
      err(`${Math.round(ranMs / 1000)} of ${seconds} s: ${playlists} playlists, ${findings} findings`);
    },
  });
  out(json ? JSON.stringify(report, null, 2) : summarize(report));
  if (report.findings.some(({ level }) => level === "MUST")) return 1;
  if (report.failure === undefined) return 0;
  err(report.failure);
  return 2;
}

function textOf({ rule, section, level, message, lines = [], url, atMs }: Finding): string {
  const head = `${level.padEnd(6)} rule ${rule} (${section}) at ${(atMs / 1000).toFixed(1)} s: ${message}`;
  return [head, `         ${url}`, ...lines.map((line) => `         ${line}`)].join("\n");
}

function summarize({
  url,
  durationMs,
  renditions,
  requests,
  playlists,
  ended,
  findings,
  rules,
}: ValidationReport): string {
  const lines = [
    "",
    `${url}: ${(durationMs / 1000).toFixed(1)} s${ended ? ", to its end" : ""}, ${renditions.length} renditions (${renditions.join(", ")}), ${playlists} playlists, ${requests} requests`,
  ];
  for (const { rule, section, level, title } of rules.filter((one) => one.findings > 0)) {
    const ofRule = findings.filter((finding) => finding.rule === rule);
    const seen = ofRule.reduce((sum, { count }) => sum + count, 0);
    const worst = ofRule.some((finding) => finding.level === "MUST") ? "MUST" : (ofRule[0]?.level ?? level);
    lines.push(`${worst.padEnd(6)} rule ${rule} (${section}), seen ${seen} times: ${title}`);
  }
  const unseen = rules.filter(({ occasions }) => occasions === 0).map(({ rule }) => rule);
  if (unseen.length > 0) lines.push(`nothing to look at for rules ${unseen.join(", ")}`);
  const must = findings.filter(({ level }) => level === "MUST").length;
  lines.push(
    `${rules.length - unseen.length} rules looked at; ${must} MUST findings, ${findings.length - must} others`,
  );
  return lines.join("\n");
}
