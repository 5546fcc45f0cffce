import {
  type ParsedPlaylist,
  type ParsedSegment,
  type PlaylistText,
  parsePlaylist,
  textOf,
  ticksOfDecimal,
} from "./parse-playlist.ts";

/**
 * For tests only: checks the answers one client got for one Media Playlist, in order, full or delta, against the rules a
 * conforming origin follows. Returns what is wrong, each finding beginning with its place and rule; empty when all is well.
 */
export function lintPlaylists(playlists: readonly PlaylistText[]): string[] {
  const findings: string[] = [];
  let previous: ParsedPlaylist | undefined;
  for (const [index, playlist] of playlists.entries()) {
    const report = (rule: number, what: string) => findings.push(`playlist ${index}: rule ${rule}: ${what}`);
    lintText(textOf(playlist), report);
    let parsed: ParsedPlaylist;
    try {
      parsed = parsePlaylist(playlist);
    } catch (thrown) {
      report(1, String(thrown));
      continue;
    }
    lintHeader(parsed, report);
    lintSegments(parsed, report);
    lintTail(parsed, report);
    if (previous !== undefined) lintChange(previous, parsed, report);
    previous = parsed;
  }
  return findings;
}

type Report = (rule: number, what: string) => void;

const ONCE = [
  "EXTM3U",
  "EXT-X-VERSION",
  "EXT-X-TARGETDURATION",
  "EXT-X-MEDIA-SEQUENCE",
  "EXT-X-DISCONTINUITY-SEQUENCE",
  "EXT-X-ENDLIST",
  "EXT-X-PLAYLIST-TYPE",
  "EXT-X-PART-INF",
  "EXT-X-SERVER-CONTROL",
];
const MULTIVARIANT = /^#EXT-X-(MEDIA|STREAM-INF|I-FRAME-STREAM-INF|SESSION-DATA|SESSION-KEY|CONTENT-STEERING):/;
const SEGMENT_LINE = /^(?!#)|^#(EXTINF|EXT-X-(PART|MAP|DISCONTINUITY|PROGRAM-DATE-TIME|GAP|SKIP)(?![A-Z-]))/;
const FIXED = ["EXT-X-TARGETDURATION", "EXT-X-SERVER-CONTROL", "EXT-X-PART-INF"];
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/;

function lintText(text: string, report: Report): void {
  if (!text.startsWith("#EXTM3U\n")) report(1, `expected #EXTM3U first, got ${JSON.stringify(text.slice(0, 20))}`);
  const lines = text.split("\n");
  for (const line of lines) {
    // 4.4.5.2: tabs divide the ids of removed date ranges.
    if (/[^\x20-\x7e]/.test(line.startsWith("#EXT-X-SKIP:") ? line.replaceAll("\t", "") : line))
      report(1, `control or non-ASCII character in ${JSON.stringify(line)}`);
    if (MULTIVARIANT.test(line)) report(2, `multivariant tag: ${line}`);
  }
  for (const tag of ONCE) {
    const count = lines.filter((line) => line === `#${tag}` || line.startsWith(`#${tag}:`)).length;
    if (count > 1) report(2, `${tag} stands ${count} times`);
  }
  const firstSegmentLine = lines.findIndex((line) => line !== "" && SEGMENT_LINE.test(line));
  for (const tag of ["EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"]) {
    const at = lines.findIndex((line) => line.startsWith(`#${tag}:`));
    if (firstSegmentLine >= 0 && at > firstSegmentLine) report(7, `${tag} stands after the first segment`);
  }
  const skips = lines.filter((line) => line.startsWith("#EXT-X-SKIP:")).length;
  if (skips > 1) report(46, `EXT-X-SKIP stands ${skips} times`);
}

function allSegments({ segments, open }: ParsedPlaylist): readonly ParsedSegment[] {
  return open === undefined ? segments : [...segments, open];
}

/** WebVTT has no init segment. */
function isText({ segments, open }: ParsedPlaylist): boolean {
  return (segments[0]?.uri ?? open?.parts[0]?.uri ?? "").endsWith(".vtt");
}

function ticksOfSegment(segment: ParsedSegment): number {
  return segment.ticks ?? segment.parts.reduce((sum, part) => sum + part.ticks, 0);
}

function lintHeader(playlist: ParsedPlaylist, report: Report): void {
  const { header, control, partTarget, targetDurationS, skipped } = playlist;
  const needed = playlist.removedDateRanges !== undefined ? 10 : skipped > 0 ? 9 : isText(playlist) ? 3 : 6;
  if (Number(header.get("EXT-X-VERSION")) !== needed) {
    report(3, `expected version ${needed}, got ${header.get("EXT-X-VERSION")}`);
  }
  const type = header.get("EXT-X-PLAYLIST-TYPE");
  if (type !== undefined && type !== (playlist.ended ? "VOD" : "EVENT")) report(36, `PLAYLIST-TYPE ${type}`);
  if (!(targetDurationS >= 1)) report(4, `target duration ${targetDurationS}`);
  const target = targetDurationS * 100_000;
  const at = (name: string): number | undefined => {
    const value = control.get(name);
    return value === undefined ? undefined : ticksOfDecimal(value);
  };
  const holdBack = at("HOLD-BACK");
  if (holdBack !== undefined && holdBack < target * 3) report(10, `HOLD-BACK ${control.get("HOLD-BACK")}`);
  const hasParts = allSegments(playlist).some((segment) => segment.parts.length > 0);
  if (hasParts && !header.has("EXT-X-PART-INF")) report(8, "parts without EXT-X-PART-INF");
  const partHoldBack = at("PART-HOLD-BACK");
  if (hasParts && (partHoldBack === undefined || partHoldBack < partTarget * 3)) {
    report(11, `PART-HOLD-BACK ${control.get("PART-HOLD-BACK")} for a part target of ${partTarget / 1e5}`);
  }
  const skipUntil = at("CAN-SKIP-UNTIL");
  if (skipUntil !== undefined && skipUntil < target * 6) report(12, `CAN-SKIP-UNTIL ${control.get("CAN-SKIP-UNTIL")}`);
  if (skipped > 0 && skipUntil === undefined) report(12, "EXT-X-SKIP without CAN-SKIP-UNTIL");
}

function lintSegments(playlist: ParsedPlaylist, report: Report): void {
  const { targetDurationS, lines } = playlist;
  const all = allSegments(playlist);
  let fromEnd = all.reduce((sum, segment) => sum + ticksOfSegment(segment), 0);
  for (const [index, segment] of all.entries()) {
    const { msn, ticks, map, programDateTime, discontinuity, uri } = segment;
    fromEnd -= ticksOfSegment(segment);
    if (map === undefined && !isText(playlist)) report(6, `no MAP in effect at ${msn}`);
    // 4.4.3.1: to the nearest integer, a half upwards.
    if (ticks !== undefined && Math.floor(ticks / 100_000 + 0.5) > targetDurationS)
      report(4, `EXTINF ${ticks / 1e5} of ${msn}`);
    if (uri !== undefined && ticks === undefined) report(2, `${uri} without EXTINF`);
    if ((index === 0 || discontinuity) && programDateTime === undefined) report(34, `no PROGRAM-DATE-TIME at ${msn}`);
    if (programDateTime !== undefined && !DATE.test(programDateTime))
      report(34, `PROGRAM-DATE-TIME ${programDateTime}`);
    if (segment.parts.length > 0 && fromEnd > targetDurationS * 300_000) report(20, `parts of ${msn} are still listed`);
    lintParts(segment, playlist, report);
  }
  lintOrder(lines, report);
}

function lintParts(segment: ParsedSegment, { partTarget }: ParsedPlaylist, report: Report): void {
  const { parts, ticks, msn, uri } = segment;
  for (const [index, part] of parts.entries()) {
    if (part.ticks > partTarget)
      report(14, `${part.uri} lasts ${part.ticks / 1e5}, the part target is ${partTarget / 1e5}`);
    const next = parts[index + 1];
    // The last part of an open parent may turn out to be its last.
    const excused = part.independent || part.gap || next === undefined || next.gap;
    if (!excused && part.ticks * 100 < partTarget * 85) report(15, `${part.uri} lasts ${part.ticks / 1e5}`);
  }
  const sum = parts.reduce((total, part) => total + part.ticks, 0);
  if (uri !== undefined && parts.length > 0 && sum !== ticks) {
    report(18, `the parts of ${msn} last ${sum / 1e5}, its EXTINF says ${(ticks ?? 0) / 1e5}`);
  }
  if (segment.gap && parts.some((part) => !part.gap)) report(25, `${msn} is a gap, but one of its parts is none`);
}

/** Rule 17: what applies to a parent stands before its first part. */
function lintOrder(lines: readonly string[], report: Report): void {
  let inParts = false;
  for (const line of lines) {
    if (!line.startsWith("#")) inParts = false;
    else if (line.startsWith("#EXT-X-PART:")) inParts = true;
    else if (inParts && /^#EXT-X-(DISCONTINUITY$|KEY:|MAP:|PROGRAM-DATE-TIME:)/.test(line))
      report(17, `${line} after a part`);
  }
}

/** Rule 35. */
function lintDateRanges(playlist: ParsedPlaylist, report: Report): void {
  const byId = new Map<string, Map<string, string>>();
  const hasDate = allSegments(playlist).some(({ programDateTime }) => programDateTime !== undefined);
  for (const range of playlist.dateRanges) {
    const id = range.get("ID") ?? "";
    if (!hasDate) report(35, `date range ${id} without PROGRAM-DATE-TIME`);
    if (range.get("START-DATE") === undefined) report(35, `date range ${id} without START-DATE`);
    const known = byId.get(id) ?? new Map<string, string>();
    for (const [name, value] of range) {
      if ((known.get(name) ?? value) !== value)
        report(35, `date range ${id}: ${name} is ${value}, and was ${known.get(name)}`);
      known.set(name, value);
    }
    byId.set(id, known);
  }
}

function lintTail(playlist: ParsedPlaylist, report: Report): void {
  lintDateRanges(playlist, report);
  const { hints, reports, ended, open, header } = playlist;
  if (ended && hints.length > 0) report(37, "a hint with ENDLIST");
  if (ended && open !== undefined) report(37, `${open.msn} is still open with ENDLIST`);
  const hinted = hints.map((hint) => hint.get("TYPE"));
  if (new Set(hinted).size !== hinted.length) report(39, `hints of ${hinted.join(" and ")}`);
  if (!ended && header.has("EXT-X-PART-INF") && !hinted.includes("PART")) report(38, "no hint for the next part");
  for (const other of reports) {
    if (!/^(?![a-z]+:|\/).+/i.test(other.get("URI") ?? "")) report(43, `report for ${other.get("URI")}`);
  }
}

function sameSegment(before: ParsedSegment, after: ParsedSegment): boolean {
  const key = ({ map, keys, discontinuity, programDateTime, gap, ticks, uri }: ParsedSegment) =>
    JSON.stringify({ map, keys, discontinuity, programDateTime, gap, ticks, uri });
  return key(before) === key(after);
}

function lintChange(before: ParsedPlaylist, after: ParsedPlaylist, report: Report): void {
  for (const tag of FIXED) {
    if (before.header.get(tag) !== after.header.get(tag))
      report(tag === "EXT-X-TARGETDURATION" ? 5 : 9, `${tag} has changed`);
  }
  if (before.ended && !after.ended) report(32, "an ended playlist goes on");
  const type = (playlist: ParsedPlaylist) => playlist.header.get("EXT-X-PLAYLIST-TYPE");
  if (type(before) !== type(after) && !(type(before) === "EVENT" && after.ended))
    report(36, `${type(before)} is now ${type(after)}`);
  if (type(before) !== undefined && after.mediaSequence !== before.mediaSequence)
    report(36, "an EVENT has lost a segment");
  const removed = after.mediaSequence - before.mediaSequence;
  if (removed < 0) report(27, `MEDIA-SEQUENCE fell from ${before.mediaSequence} to ${after.mediaSequence}`);
  const old = new Map(allSegments(before).map((segment) => [segment.msn, segment]));
  lintDiscontinuitySequence(before, after, old, report);
  const newest = allSegments(after).at(-1)?.msn ?? after.mediaSequence - 1;
  const newestBefore = allSegments(before).at(-1)?.msn ?? before.mediaSequence - 1;
  if (newest < newestBefore) report(32, `${newestBefore} was the last segment, now ${newest}`);
  for (const segment of allSegments(after)) {
    const was = old.get(segment.msn);
    if (was !== undefined) lintSegmentChange(was, segment, report);
  }
  lintHintKept(before, after, report);
}

function lintDiscontinuitySequence(
  before: ParsedPlaylist,
  after: ParsedPlaylist,
  old: ReadonlyMap<number, ParsedSegment>,
  report: Report,
): void {
  let expected = before.discontinuitySequence;
  for (let msn = before.mediaSequence; msn < after.mediaSequence; msn++) {
    const segment = old.get(msn);
    if (segment === undefined) return; // it came and went unseen, or was skipped: nothing to compare with
    if (segment.discontinuity) expected++;
  }
  if (after.discontinuitySequence !== expected) {
    report(29, `DISCONTINUITY-SEQUENCE: expected ${expected}, got ${after.discontinuitySequence}`);
  }
}

function lintSegmentChange(was: ParsedSegment, now: ParsedSegment, report: Report): void {
  const { msn } = now;
  if (was.uri !== undefined) {
    if (was.uri !== now.uri) report(28, `${msn} was ${was.uri}, now ${now.uri}`);
    else if (!sameSegment(was, now)) report(32, `${msn} has changed`);
    const partsGone = now.parts.length === 0;
    if (!partsGone && JSON.stringify(was.parts) !== JSON.stringify(now.parts))
      report(32, `the parts of ${msn} have changed`);
    return;
  }
  // It was open: it only grew, unless it is so old by now that its parts are not listed.
  if (now.uri !== undefined && now.parts.length === 0) return;
  const kept = now.parts.slice(0, was.parts.length);
  if (JSON.stringify(kept) !== JSON.stringify(was.parts)) report(32, `the parts of the open ${msn} have changed`);
}

/** Rule 40: the hinted part is the next one. */
function lintHintKept(before: ParsedPlaylist, after: ParsedPlaylist, report: Report): void {
  const hinted = before.hints.find((candidate) => candidate.get("TYPE") === "PART");
  const start = hinted?.get("BYTERANGE-START");
  const hint = hinted?.get("URI");
  const partsOf = (playlist: ParsedPlaylist) => allSegments(playlist).flatMap((segment) => segment.parts);
  const last = partsOf(before).at(-1)?.uri;
  const parts = partsOf(after);
  const at = parts.findIndex((part) => part.uri === last);
  const next = at < 0 ? undefined : parts[at + 1];
  // A producer that returns has URIs of its own; the part that was hinted never came, which 6.2.6 allows.
  const epochOf = (uri: string | undefined) => uri?.split("/")[0];
  const nextUri = start === undefined ? next?.uri : next?.uri.replace(/#\d+@/, "#");
  const isFirst = allSegments(after).some(({ parts: [first] }) => first !== undefined && first === next);
  const isHinted = nextUri === (start === undefined ? hint : `${hint}#${start}`) || next?.gap === true;
  // A range behind the open segment is wrong where the next part opens another, which nobody can know.
  if (next !== undefined && !isHinted && !(start !== undefined && isFirst) && epochOf(next.uri) === epochOf(hint))
    report(40, `hinted ${hint}, got ${next.uri}`);
  const map = before.hints.find((candidate) => candidate.get("TYPE") === "MAP")?.get("URI");
  const nextSegment = allSegments(after).find((segment) => segment.parts[0] !== undefined && segment.parts[0] === next);
  if (
    nextSegment !== undefined &&
    map !== undefined &&
    nextSegment.map !== map &&
    epochOf(next?.uri) === epochOf(map)
  ) {
    report(41, `hinted ${map}, got ${nextSegment.map}`);
  }
}
