import { clockTime } from "../kit/format.ts";
import { words } from "../words/words.ts";

const LONG_MS = 60_000;

/** `2.3 s behind`, `12 s behind`, `4:07 behind`. */
export function behindText(behindMs: number): string {
  const { live } = words.watch;
  if (behindMs >= LONG_MS) return live.behindLong(clockTime(behindMs));
  return live.behind((behindMs / 1000).toFixed(behindMs < 10_000 ? 1 : 0));
}
