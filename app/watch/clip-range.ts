/** From and to, in ms since the Unix epoch. */
export interface ClipMarks {
  readonly fromMs: number;
  readonly toMs: number;
}

const DAY_MS = 86_400_000;
/** A clip that is named by a time of day may end a little after what is stored, where one marks while it goes on. */
const SLACK_MS = 60_000;

/** `14:03:07`, as a time field takes it, in the reader's own zone. */
export function timeField(wallMs: number): string {
  const date = new Date(wallMs);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((value) => String(value).padStart(2, "0"))
    .join(":");
}

/** The moment a time of day means: the last such one before the window ends. Undefined for what is no time. */
export function momentOf(field: string, windowEndMs: number): number | undefined {
  const [, hours, minutes, seconds = "0"] = /^(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?$/.exec(field) ?? [];
  if (hours === undefined || minutes === undefined) return undefined;
  const day = new Date(windowEndMs);
  day.setHours(Number(hours), Number(minutes), 0, Math.round(Number(seconds) * 1000));
  return day.getTime() > windowEndMs + SLACK_MS ? day.getTime() - DAY_MS : day.getTime();
}

/** `end` moved to a moment. The other end stays, unless the two would cross: then it goes along, as far away as it was. */
export function marked(marks: ClipMarks, end: "in" | "out", wallMs: number): ClipMarks {
  const lengthMs = marks.toMs - marks.fromMs;
  if (end === "in") return { fromMs: wallMs, toMs: wallMs < marks.toMs ? marks.toMs : wallMs + lengthMs };
  return { fromMs: wallMs > marks.fromMs ? marks.fromMs : wallMs - lengthMs, toMs: wallMs };
}

/** URL of the clip, beside the stream's playlist. */
export function clipUrl(playlistUrl: string, { fromMs, toMs }: ClipMarks): string {
  const url = new URL("clip.mp4", playlistUrl);
  url.searchParams.set("from", new Date(fromMs).toISOString());
  url.searchParams.set("to", new Date(toMs).toISOString());
  return url.href;
}

/** `2026-05-02 14-03-07`, of the reader's own day and clock: no system minds it in a name. */
export function fileTime(wallMs: number): string {
  const date = new Date(wallMs);
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((value) => String(value).padStart(2, "0"));
  return `${day.join("-")} ${timeField(wallMs).replaceAll(":", "-")}`;
}

/** What a person typed, as a name that every file system takes. */
export function fileName(typed: string, otherwise: string): string {
  const clean = typed.replace(/[\\/:*?"<>|\p{Cc}]+/gu, "-").replace(/^[.\s-]+|[.\s-]+$/g, "");
  const name = (clean || otherwise).slice(0, 120);
  return /\.mp4$/i.test(name) ? name : `${name}.mp4`;
}
