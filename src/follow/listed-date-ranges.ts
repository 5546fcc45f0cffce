import { type AttributeValue, checkDateRange, type DateRangeOptions } from "../model/date-range.ts";
import type { ListedAttributes, MediaPlaylist } from "../reader/media-playlist.ts";
import { hexBytes } from "./listed-keys.ts";

/** Tells date ranges that are new, or that have changed, from those that a playlist goes on listing. */
export class ListedDateRanges {
  /** Of the newest playlist, so as many as it lists: the line of each ID. */
  #known = new Map<string, string>();

  /** Those that are new since the playlist before; what cannot be read is left out, since no media depends on it. */
  take(playlist: MediaPlaylist): readonly DateRangeOptions[] {
    const listed = new Map<string, string>();
    const found: DateRangeOptions[] = [];
    for (const tag of playlist.dateRanges) {
      const id = tag.values.get("ID");
      const text = playlist.lines[tag.line - 1];
      if (id === undefined || text === undefined || listed.has(id)) continue;
      listed.set(id, text);
      if (this.#known.get(id) === text) continue;
      const range = rangeOf(tag, text);
      if (range !== undefined) found.push(range);
    }
    this.#known = listed;
    return found;
  }
}

function rangeOf({ values }: ListedAttributes, line: string): DateRangeOptions | undefined {
  const startDate = values.get("START-DATE") ?? "";
  const name = values.get("CLASS");
  const durationMs = msOf(values.get("DURATION")) ?? Date.parse(values.get("END-DATE") ?? "") - Date.parse(startDate);
  const plannedDurationMs = msOf(values.get("PLANNED-DURATION"));
  const attributes: Record<string, AttributeValue> = {};
  for (const [key, value] of values) {
    if (key.startsWith("X-") || key.startsWith("SCTE35-")) attributes[key] = attributeOf(key, value, line);
  }
  try {
    return checkDateRange({
      id: values.get("ID"),
      startDate,
      ...(name === undefined ? {} : { class: name }),
      ...(Number.isNaN(durationMs) ? {} : { durationMs }),
      ...(plannedDurationMs === undefined ? {} : { plannedDurationMs }),
      ...(values.get("END-ON-NEXT") === "YES" ? { endOnNext: true } : {}),
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
    });
  } catch {
    return undefined;
  }
}

const msOf = (seconds: string | undefined): number | undefined =>
  seconds === undefined || !Number.isFinite(Number(seconds)) ? undefined : Number(seconds) * 1000;

/** Quotes tell text from a number or a hexadecimal-sequence (4.2), and only the line still has them. */
function attributeOf(key: string, value: string, line: string): AttributeValue {
  if (line.includes(`${key}="`)) return value;
  const number = Number(value);
  return hexBytes(value) ?? (value !== "" && Number.isFinite(number) ? number : value);
}
