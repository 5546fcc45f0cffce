/** `0:07`, `12:30`, `1:02:03`. */
export function clockTime(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `0.84 s`, with two digits below ten seconds and one above. */
export function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(durationMs < 10_000 ? 2 : 1)} s`;
}

/** `1,204`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

/** `1,204 kbit/s`. */
export function kilobits(bitsPerSecond: number): string {
  return `${count(bitsPerSecond / 1000)} kbit/s`;
}

/** `640 kbit/s`, `1.5 Mbit/s`. */
export function bitrate(bitsPerSecond: number): string {
  return bitsPerSecond < 999_500 ? kilobits(bitsPerSecond) : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

const SIZE_UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** `640 kB`, `24.1 MB`, `5.4 GB`: one digit below a hundred, from megabytes on. */
export function fileSize(sizeBytes: number): string {
  let value = Math.max(0, sizeBytes);
  let unit = 0;
  // Rounded, 999,999 bytes would be 1,000 kB: the next unit says it better.
  while (Math.round(value) >= 1000 && unit < SIZE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit >= 2 && value < 99.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${SIZE_UNITS[unit]}`;
}

/** `23 Nov, 14:03`, as the reader writes dates. */
export function dayAndTime(wallMs: number): string {
  const form = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" } as const;
  return new Date(wallMs).toLocaleString([], form);
}

/** `14:03:07`, as the reader writes times. */
export function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString([], { timeStyle: "medium" });
}

/** Scripts that are written from right to left, and marks that turn the direction. */
const FROM_THE_RIGHT =
  /[\u0590-\u08ff\u200f\u202a-\u202e\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A text of a person's own within a sentence: one from right to left would else take what stands beside it along. */
export function isolated(text: string): string {
  return FROM_THE_RIGHT.test(text) ? `\u2068${text}\u2069` : text;
}

/** `3 parts`, `1 part`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `42 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
