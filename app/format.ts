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

/** `3 parts`, `1 part`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
