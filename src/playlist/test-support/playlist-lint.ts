import { hintOf, type MediaPlaylist, mergeDelta } from "../../reader/media-playlist.ts";
import { Checker } from "../../validate/checker.ts";
import { Findings } from "../../validate/finding.ts";
import { nextPartOf, outcomeOfHint } from "../../validate/next-part.ts";
import { RULES } from "../../validate/rules.ts";
import { type PlaylistText, readPlaylist, textOf, ticksOf } from "./parse-playlist.ts";

const STILL = { now: () => 0, wallMs: () => 0, after: () => () => undefined };
/** Rules for who serves playlists, not for who writes them: how long a window is, that it is hinted in time, that it is not empty. */
const NOT_OURS = [30, 41, 68];

/**
 * For tests only: holds the answers one client got for one Media Playlist of ours, in order, full or delta, against the validator's
 * rules, and against what we promise beyond them. Returns what is wrong, each finding with its rule; empty when all is well.
 */
export function lintPlaylists(playlists: readonly PlaylistText[]): string[] {
  const findings = new Findings();
  const checker = new Checker(
    RULES.filter(({ number }) => !NOT_OURS.includes(number)),
    findings,
    STILL,
  );
  const broken: string[] = [];
  let previous: MediaPlaylist | undefined;
  for (const [index, text] of playlists.entries()) {
    const answer = readPlaylist(text);
    const subject = { url: answer.url, playlist: answer };
    checker.run("answer", subject, (check, report) => check(answer, report));
    // Who waits too long for a delta cannot merge it, and asks for the whole playlist (6.3.7).
    const playlist = answer.skip === undefined ? answer : previous && mergeDelta(previous, answer);
    const before = previous;
    previous = playlist;
    if (playlist === undefined) continue;
    checker.run("playlist", subject, (check, report) => check(playlist, report));
    // Of these none was missed.
    if (before !== undefined) checker.run("change", subject, (check, report) => check(before, playlist, report, true));
    broken.push(...brokenPromises(textOf(text), playlist, before).map((what) => `playlist ${index}: ${what}`));
  }
  const found = findings.all.map(({ rule, message, lines = [] }) => `rule ${rule}: ${[message, ...lines].join("\n")}`);
  return [...found, ...broken];
}

/** Decimals that add up to the last; a hint that its producer keeps over a discontinuity too; every text whole lines of ASCII. */
function brokenPromises(text: string, playlist: MediaPlaylist, before: MediaPlaylist | undefined): string[] {
  const broken: string[] = [];
  if (!/^(?:[\t\x20-\x7e]*\n)+$/.test(text)) broken.push("rule 1: expected whole lines of printable ASCII");
  for (const { msn, parts, durationMs = 0 } of playlist.segments) {
    const ticks = parts.reduce((sum, part) => sum + ticksOf(part.durationMs), 0);
    if (parts.length > 0 && ticks !== ticksOf(durationMs))
      broken.push(`rule 18: the parts of ${msn} last ${ticks / 1e5} s, its EXTINF says ${durationMs} ms`);
  }
  if (before === undefined) return broken;
  const next = nextPartOf(before, playlist);
  const [map, hinted] = [next?.segment.map?.uri, hintOf(before, "MAP")?.values.get("URI")];
  if (map !== undefined && hinted !== undefined && map !== hinted && epochOf(map) === epochOf(hinted))
    broken.push(`rule 41: hinted ${hinted}, got ${map}`);
  const hint = outcomeOfHint(before, playlist);
  const uri = hint?.next?.part.uri;
  if (hint?.outcome === "dropped" && uri !== undefined && epochOf(uri) === epochOf(hint.uri))
    broken.push(`rule 40: hinted ${hint.uri}, got ${uri}`);
  return broken;
}

const epochOf = (uri: string): string | undefined => uri.split("/")[0];
