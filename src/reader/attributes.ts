/** An attribute list as it stands: names to values, quotes removed. */
export type Attributes = ReadonlyMap<string, string>;

export interface ReadAttributes {
  readonly values: Attributes;
  /** What is wrong with the list; what could be read of it is in `values` all the same. */
  readonly problems: readonly string[];
}

/** No part of it can give back what another could take: an origin's line may be megabytes long. */
const ATTRIBUTE = /\s*([A-Z0-9-]+)=(?:"([^"]*)"\s*|([^",]*))(?:,|$)/y;

/** Reads an attribute list as far as it can be read. The first of two attributes of one name counts (4.2). */
export function readAttributes(text: string): ReadAttributes {
  const values = new Map<string, string>();
  const problems: string[] = [];
  ATTRIBUTE.lastIndex = 0;
  while (ATTRIBUTE.lastIndex < text.length) {
    const at = ATTRIBUTE.lastIndex;
    const match = ATTRIBUTE.exec(text);
    if (match === null) {
      problems.push(`not an attribute list from column ${at + 1} on`);
      break;
    }
    const [, name = "", quoted, plain = ""] = match;
    if (values.has(name)) problems.push(`attribute ${name} stands twice`);
    else values.set(name, quoted ?? plain);
  }
  return { values, problems };
}

/** A decimal-floating-point in seconds as milliseconds; undefined when it is absent or none. */
export function millisecondsOf(seconds: string | undefined): number | undefined {
  return seconds !== undefined && /^\d+(\.\d*)?$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

/** A decimal-integer; undefined when it is absent or none. */
export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** A BYTERANGE: `length[@offset]`. */
export interface ListedRange {
  readonly lengthBytes: number;
  /** Absent where it goes on from the range before. */
  readonly offsetBytes?: number;
}

export function listedRangeOf(text: string | undefined): ListedRange | undefined {
  const match = /^(\d{1,16})(?:@(\d{1,16}))?$/.exec(text ?? "");
  if (match === null) return undefined;
  const lengthBytes = Number(match[1]);
  return match[2] === undefined ? { lengthBytes } : { lengthBytes, offsetBytes: Number(match[2]) };
}
