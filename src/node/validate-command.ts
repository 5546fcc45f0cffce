import { parseArgs } from "node:util";
import { systemClock } from "../model/clock.ts";
import { RelayError } from "../model/errors.ts";
import type { Finding, Level } from "../validate/finding.ts";
import { type ValidationReport, validate } from "../validate/validate.ts";
import { pageOrigin } from "./address.ts";
import type { Command, CommandContext, ExitCode } from "./command.ts";

const USAGE = `usage: eddy-hls validate <url> [--seconds 30] [--json] [--rendition id]... [--origin origin]

Follows a live LL-HLS presentation and holds it against the rules of a conforming origin.

  --seconds n      how long; default 30, less if the stream ends
  --json           the whole report as JSON, and nothing else, on standard output
  --rendition id   only this one, as often as you like; default all
  --origin origin  an origin that must be allowed to read (CORS), such as https://player.example

Each finding is told when it is seen first, with its rule, the section of draft-pantos-hls-rfc8216bis-22, and the lines of the playlist.
MUST and SHOULD are the specification's; "field" is what a real player was seen to need.

Exit code: 0 without a MUST finding, 1 with one, 2 when there is no playlist to look at or no such option.`;

const STATUS_MS = 1_000;
const MAX_SECONDS = 24 * 3600;

interface Arguments {
  readonly url: string;
  readonly seconds: number;
  readonly json: boolean;
  readonly renditions: readonly string[];
  readonly origin: string | undefined;
}

/** `eddy-hls validate <url>`. */
export const validateCommand: Command<Arguments> = { usage: USAGE, read: readArguments, run: follow };

/** @throws RelayError `invalid-option` */
function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parse(args);
  const [url, ...more] = positionals;
  if (url === undefined || more.length > 0) {
    const came = ["validate", ...positionals].join(" ");
    throw new RelayError("invalid-option", `expected "validate <url>", got "${came}"\n\n${USAGE}`);
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
  if (origin !== undefined) pageOrigin("--origin", origin);
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

async function follow(
  { url, seconds, json, renditions, origin }: Arguments,
  context: CommandContext,
): Promise<ExitCode> {
  const { out, err, status, signal, fetch, clock = systemClock } = context;
  const startMs = clock.now();
  let playlists = 0;
  let findings = 0;
  let cancelTimer = (): void => undefined;
  const tell = (): void => {
    const ranS = Math.round((clock.now() - startMs) / 1000);
    const seen = playlists === 0 ? "waiting for the first playlist" : `${playlists} playlists, ${findings} findings`;
    status?.(`${ranS} of ${seconds} s: ${seen}`);
    cancelTimer = clock.after(STATUS_MS, tell);
  };
  if (status !== undefined) tell();
  try {
    const report = await validate(url, {
      durationMs: seconds * 1000,
      signal,
      renditions,
      ...(origin === undefined ? {} : { allowedOrigin: origin }),
      ...(fetch === undefined ? {} : { fetch }),
      clock,
      onFinding: (finding) => {
        findings += 1;
        if (!json) out(textOf(finding, context));
      },
      onPlaylist: () => {
        playlists += 1;
      },
    });
    out(json ? JSON.stringify(report, null, 2) : summarize(report, context));
    if (report.failure !== undefined) err(`ended early: ${report.failure}`);
    if (report.findings.some(({ level }) => level === "MUST")) return 1;
    return report.failure === undefined ? 0 : 2;
  } finally {
    cancelTimer();
    status?.();
  }
}

const levelText = (level: Level, { emphasize = (text) => text }: CommandContext): string =>
  emphasize(level.padEnd(6), level);

function textOf({ rule, section, level, message, lines = [], url, atMs }: Finding, context: CommandContext): string {
  const head = `${levelText(level, context)} rule ${rule} (${section}) at ${(atMs / 1000).toFixed(1)} s: ${message}`;
  return [head, `         ${url}`, ...lines.map((line) => `         ${line}`)].join("\n");
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

function summarize(report: ValidationReport, context: CommandContext): string {
  const { url, durationMs, renditions, requests, playlists, ended, findings, dropped, rules } = report;
  const followed = `${(durationMs / 1000).toFixed(1)} s${ended ? ", to its end" : ""}`;
  const lines = [
    "",
    `${url}: ${followed}, ${counted(renditions.length, "rendition")} (${renditions.join(", ")}), ${counted(playlists, "playlist")}, ${counted(requests, "request")}`,
  ];
  for (const { rule, section, level, title } of rules.filter((one) => one.findings > 0)) {
    const ofRule = findings.filter((finding) => finding.rule === rule);
    const seen = ofRule.reduce((sum, { count }) => sum + count, 0);
    const worst = ofRule.some((finding) => finding.level === "MUST") ? "MUST" : (ofRule[0]?.level ?? level);
    lines.push(`${levelText(worst, context)} rule ${rule} (${section}), seen ${counted(seen, "time")}: ${title}`);
  }
  if (dropped > 0) lines.push(`${counted(dropped, "more finding")} of rules that have many`);
  const unseen = rules.filter(({ occasions }) => occasions === 0).map(({ rule }) => rule);
  if (unseen.length > 0) lines.push(`nothing to look at for rules ${unseen.join(", ")}`);
  const must = findings.filter(({ level }) => level === "MUST").length;
  const looked = `${rules.length - unseen.length} rules looked at`;
  lines.push(`${looked}; ${counted(must, "MUST finding")}, ${counted(findings.length - must, "other")}`);
  return lines.join("\n");
}
