import { RelayError } from "../model/errors.ts";
import type { ReloadAsk } from "../origin/reload.ts";

/** Above this no real number lies, and sums of it stay exact. */
const MAX_DIRECTIVE = 2 ** 40;

/**
 * Reads the delivery directives; other parameters are kept out of it (rule 59).
 * @throws RelayError `malformed-directive`, `reload-without-msn`
 * @see RFC 8216bis 6.2.5
 */
export function parseDirectives(query: URLSearchParams): ReloadAsk {
  const msn = directive(query, "_HLS_msn");
  const part = directive(query, "_HLS_part");
  const skips = query.getAll("_HLS_skip");
  if (skips.length > 1) throw new RelayError("malformed-directive", "_HLS_skip: expected once, got it twice");
  if (part !== undefined && msn === undefined) {
    throw new RelayError("reload-without-msn", "_HLS_part: expected together with _HLS_msn");
  }
  // A value that we do not know asks for nothing that we could skip.
  const skip = skips[0] === "YES" || skips[0] === "v2";
  return {
    ...(msn === undefined ? {} : { msn }),
    ...(part === undefined ? {} : { part }),
    skip,
    ...(skips[0] === "v2" ? { skipDateRanges: true } : {}),
  };
}

function directive(query: URLSearchParams, name: string): number | undefined {
  const values = query.getAll(name);
  const [value] = values;
  if (value === undefined) return undefined;
  if (values.length > 1)
    throw new RelayError("malformed-directive", `${name}: expected once, got it ${values.length} times`);
  const number = Number(value);
  if (!/^\d{1,15}$/.test(value) || number > MAX_DIRECTIVE) {
    throw new RelayError(
      "malformed-directive",
      `${name}: expected a whole number up to ${MAX_DIRECTIVE}, got ${JSON.stringify(value.slice(0, 40))}`,
    );
  }
  return number;
}
