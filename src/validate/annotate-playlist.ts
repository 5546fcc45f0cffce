import { RelayError } from "../model/errors.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import type { Level } from "./finding.ts";
import type { Report } from "./rule.ts";
import { RULES } from "./rules.ts";
import { rulesOfLine } from "./rules-of-line.ts";

/** One rule of a conforming LL-HLS origin, as `docs/rules.md` lists it. */
export interface RuleText {
  /** As the findings name it. */
  readonly number: number;
  /** Of draft-pantos-hls-rfc8216bis-22, or `HTTP`, or `field`. */
  readonly section: string;
  /** Who asks for it. */
  readonly level: Level;
  /** What it asks. */
  readonly title: string;
  /** How the validator checks it from outside. */
  readonly how: string;
}

/** What is wrong with a line, or with the playlist as a whole. */
export interface LineFinding {
  /** Number of the rule that is broken. */
  readonly rule: number;
  /** Who asks for it; milder than the rule where what was seen may have another cause. */
  readonly level: Level;
  /** What was expected and what came. */
  readonly message: string;
}

/** One line of a playlist, and what bears on it. */
export interface AnnotatedLine {
  /** The line as it came. */
  readonly text: string;
  /** Numbers of the rules that bear on it; those of the whole playlist stand with its first line. */
  readonly rules: readonly number[];
  /** Those of them that are broken here, as far as this text shows; none where all is well. */
  readonly findings: readonly LineFinding[];
}

/** What is known beside the text. */
export interface AnnotateOptions {
  /** Of the playlist, against which its URIs are read. Default that of nowhere. */
  readonly url?: string;
  /** The full playlist before this one: what may not change is held against it. */
  readonly before?: string;
}

/** Longest text that is read, in UTF-16 code units: that of a day's window. */
const MAX_TEXT_LENGTH = 16 * 1024 * 1024;

/** What `docs/rules.md` says of a rule; undefined for a number that none has. */
export function ruleText(wanted: number): RuleText | undefined {
  const rule = RULES.find(({ number }) => number === wanted);
  if (rule === undefined) return undefined;
  const { number, section, level, title, how } = rule;
  return { number, section, level, title, how };
}

/**
 * Says of each line of a Media Playlist, full or delta, which rules bear on it, and which of them it breaks. Rules of requests and of media are named
 * too, and cannot be held against text alone: `validate()` does that.
 *
 * @see docs/rules.md
 * @throws RelayError `invalid-option` for a text that is longer than any playlist
 * @example
 * ```ts
 * for (const { text, rules, findings } of annotatePlaylist(playlist)) console.log(rules, text, findings);
 * ```
 */
export function annotatePlaylist(text: string, options: AnnotateOptions = {}): readonly AnnotatedLine[] {
  if (text.length > MAX_TEXT_LENGTH)
    throw new RelayError("invalid-option", `expected at most ${MAX_TEXT_LENGTH} characters, got ${text.length}`);
  const { url = "http://playlist.invalid/media.m3u8" } = options;
  const playlist = parseMediaPlaylist(text, url);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const findings = lines.map((): LineFinding[] => []);
  const before = options.before === undefined ? undefined : parseMediaPlaylist(options.before, url);
  for (const { number, level, checks } of RULES) {
    const report: Report = (message, details = {}) => {
      for (const line of details.lines?.length ? details.lines : [1]) {
        const ofLine = findings[line - 1];
        // Once for each rule: a header that all segments break would be told of each.
        if (ofLine?.some(({ rule }) => rule === number) === false)
          ofLine.push({ rule: number, level: details.level ?? level, message });
      }
    };
    checks.answer?.(playlist, report);
    // A delta is no whole playlist, and what is merged with another has lines of that.
    if (playlist.skip !== undefined) continue;
    checks.playlist?.(playlist, report);
    if (before !== undefined) checks.change?.(before, playlist, report, false);
  }
  return lines.map((line, index) => ({ text: line, rules: rulesOfLine(line), findings: findings[index] ?? [] }));
}
