import { lastPosition, type MediaPlaylist } from "../reader/media-playlist.ts";
import { parseMediaPlaylist } from "../reader/playlist-reader.ts";
import { type BlockedAnswer, inSeconds, LATE_SLACK_MS, lateByMs, type Report, type Rule, reaches } from "./rule.ts";

/** So many late answers are no accident; one may be the network's. */
const LATE_COUNT = 3;
const LATE_SHARE = 0.1;

/** The part that was asked for turned out to be past the end of its parent. */
function isPastParent({ asked, after }: BlockedAnswer): boolean {
  const { part } = asked;
  const parent = after.segments.find(({ msn }) => msn === asked.msn);
  return part !== undefined && parent !== undefined && parent.parts.length > 0 && parent.parts.length <= part;
}

/** One judgement for all ways to ask: refused, answered too early, or late. */
function judge(blocked: BlockedAnswer, report: Report): void {
  const { status, satisfied, waitedMs, stalledMs, before } = blocked;
  const partTargetMs = before.partTargetMs ?? 1_000;
  const asked = `${blocked.asked.msn}${blocked.asked.part === undefined ? "" : `.${blocked.asked.part}`}`;
  if (status === 0 || (status === 503 && waitedMs >= partTargetMs)) return; // for rule 58
  if (status !== 200) report(`asked for ${asked}, the next to come, it answers ${status}`);
  else if (!satisfied && waitedMs + stalledMs < Math.min(partTargetMs, 500))
    report(`asked for ${asked}, it answers after ${inSeconds(waitedMs)} without it`);
  else if (lateByMs(blocked) > 0) {
    const late = blocked.lateBefore + 1;
    const again = late >= LATE_COUNT && late >= LATE_SHARE * (blocked.answersBefore + 1);
    report(`asked for ${asked}, the answer came ${inSeconds(lateByMs(blocked))} of media after it`, {
      level: again ? "MUST" : "SHOULD",
    });
  }
}

const parsed = (text: Uint8Array, url: string): MediaPlaylist =>
  parseMediaPlaylist(new TextDecoder().decode(text), url);

/** Blocking reload. */
export const blockingRules: readonly Rule[] = [
  {
    number: 51,
    section: "6.2.5.2",
    level: "MUST",
    title: "_HLS_msn=M alone waits until segment M is complete",
    how: "it is asked for the open segment, now and then",
    checks: {
      blocked(blocked, report) {
        if (blocked.kind === "msn") judge(blocked, report);
      },
    },
  },
  {
    number: 52,
    section: "6.2.5.2",
    level: "MUST",
    title: "With _HLS_part=N it waits for that part",
    how: "it is asked for the next part, all the time; answers without it before half a second are findings, and those that come long after it again and again",
    checks: {
      blocked(blocked, report) {
        if (blocked.kind === "part" && !isPastParent(blocked)) judge(blocked, report);
      },
    },
  },
  {
    number: 53,
    section: "6.2.5.2",
    level: "MUST",
    title: "A part past the last of a closed parent means part 0 of the next segment",
    how: "requests for the next part whose parent turns out to be closed",
    checks: {
      blocked(blocked, report) {
        if (blocked.kind === "part" && isPastParent(blocked)) judge(blocked, report);
      },
    },
  },
  {
    number: 54,
    section: "6.2.5.2",
    level: "MUST",
    title: "_HLS_part without _HLS_msn: 400",
    how: "it is asked",
    checks: {
      async probe(prober, report) {
        const { status, url } = await prober.reload("_HLS_part=0");
        if (status !== 400) report(`expected 400, got ${status}`, { url });
      },
    },
  },
  {
    number: 55,
    section: "6.2.5.2",
    level: "SHOULD",
    title: "Too far ahead: 400",
    how: "a segment far ahead is asked for",
    checks: {
      async probe(prober, report) {
        const last = prober.playlist.segments.at(-1)?.msn ?? 0;
        const { status, url } = await prober.reload(`_HLS_msn=${last + 1000}`);
        if (status !== 400) report(`expected 400, got ${status === 0 ? "no answer" : status}`, { url });
      },
    },
  },
  {
    number: 56,
    section: "6.2.5.2",
    level: "MUST",
    title: "A stale or evicted MSN answers the whole current playlist",
    how: "a segment that is listed, and one before the window, are asked for",
    checks: {
      async probe(prober, report) {
        const { playlist } = prober;
        const position = lastPosition(playlist);
        for (const msn of [playlist.mediaSequence + 1, Math.max(0, playlist.mediaSequence - 1)]) {
          const { status, url, bytes } = await prober.reload(`_HLS_msn=${msn}`);
          if (status !== 200) report(`expected the playlist, got ${status}`, { url });
          else if (position !== undefined && !reaches(lastPosition(parsed(bytes, url)), position))
            report("the answer is older than the playlist before it", { url });
        }
      },
    },
  },
  {
    number: 57,
    section: "6.2.5.2",
    level: "MUST",
    title: "With ENDLIST both directives are ignored; ending a stream wakes every waiter at once",
    how: "segments and parts to come are asked for after the end",
    checks: {
      async endProbe(prober, report) {
        const next = (prober.playlist.segments.at(-1)?.msn ?? 0) + 1;
        for (const query of [`_HLS_msn=${next}&_HLS_part=0`, `_HLS_msn=${next + 1000}`]) {
          const { status, url, endMs, askedMs } = await prober.reload(query);
          if (status !== 200) report(`expected the playlist, got ${status === 0 ? "no answer" : status}`, { url });
          else if (endMs - askedMs > Math.max(1_000, prober.partTargetMs))
            report(`the answer took ${inSeconds(endMs - askedMs)}`, { url });
        }
      },
    },
  },
  {
    number: 58,
    section: "6.2.5.2",
    level: "MUST",
    title: "Blocked for over three target durations: 503",
    how: "how long every blocking request takes",
    checks: {
      blocked({ waitedMs, status, before }, report) {
        const limitMs = 3 * (before.targetDurationMs ?? 0);
        if (waitedMs > limitMs + LATE_SLACK_MS && status !== 503)
          report(
            `${status === 0 ? "no answer" : `an answer of ${status}`} after ${inSeconds(waitedMs)}, three target durations are ${inSeconds(limitMs)}`,
          );
      },
    },
  },
  {
    number: 59,
    section: "6.2.5",
    level: "MUST",
    title: "Query parameters in any order, percent-encoded or not; other parameters are kept out of it",
    how: "now and then the next part is asked for in another order, percent-encoded, and with another parameter",
    checks: {
      blocked(blocked, report) {
        if (blocked.kind === "reordered") judge(blocked, report);
      },
    },
  },
];
