import fc from "fast-check";
import { expect, test } from "vitest";
import { RelayError } from "../model/errors.ts";
import { parseDirectives } from "./directives.ts";

const parse = (query: string) => parseDirectives(new URLSearchParams(query));
const refused = (code: string) => expect.objectContaining({ code });

test("rule 59: directives are read in any order, percent-encoded or not, beside other parameters", () => {
  const wanted = { msn: 12, part: 3, skip: true };
  expect(parse("_HLS_msn=12&_HLS_part=3&_HLS_skip=YES")).toEqual(wanted);
  expect(parse("token=a%26b&_HLS_skip=v2&_HLS_part=%33&x=_HLS_msn&_HLS_msn=12")).toEqual({
    ...wanted,
    skipDateRanges: true,
  });
});

test("a request without directives asks for nothing", () => {
  expect(parse("")).toEqual({ skip: false });
  expect(parse("_hls_msn=3&hls_part=4")).toEqual({ skip: false });
});

test("rule 54: a part without its segment is refused", () => {
  expect(() => parse("_HLS_part=1")).toThrowError(refused("reload-without-msn"));
});

test.each(["", "-1", "1.5", "1e3", "0x10", "NaN", " 1", "9".repeat(16), String(2 ** 41), "１"])(
  "_HLS_msn=%j is refused",
  (value) => {
    expect(() => parse(new URLSearchParams({ _HLS_msn: value }).toString())).toThrowError(
      refused("malformed-directive"),
    );
  },
);

test("a refusal says how large a number may be: what is too large is a whole number all the same", () => {
  expect(() => parse(`_HLS_msn=${2 ** 41}`)).toThrowError(
    `_HLS_msn: expected a whole number up to ${2 ** 40}, got "${2 ** 41}"`,
  );
});

test("a doubled directive is refused", () => {
  expect(() => parse("_HLS_msn=1&_HLS_msn=1")).toThrowError(refused("malformed-directive"));
  expect(() => parse("_HLS_skip=YES&_HLS_skip=YES")).toThrowError(refused("malformed-directive"));
});

test("an unknown value of _HLS_skip skips nothing", () => {
  expect(parse("_HLS_skip=v3")).toEqual({ skip: false });
});

test("no query throws anything but a RelayError, and numbers that are read are whole", () => {
  const name = fc.constantFrom("_HLS_msn", "_HLS_part", "_HLS_skip", "x");
  const value = fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String));
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value)), (pairs) => {
      try {
        const { msn, part } = parseDirectives(new URLSearchParams(pairs));
        for (const number of [msn ?? 0, part ?? 0]) expect(Number.isSafeInteger(number) && number >= 0).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(RelayError);
      }
    }),
  );
});
