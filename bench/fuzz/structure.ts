import type { Bytes } from "../../src/model/bytes.ts";

/** What does not belong where something else is expected; all of it can be posted, or stored. */
const ODD: readonly (() => unknown)[] = [
  () => undefined,
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 0.5,
  () => 2 ** 32,
  () => 2 ** 40,
  () => 2 ** 52,
  () => 2 ** 53,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 1e308,
  () => 1n,
  () => "",
  () => "__proto__",
  () => "constructor",
  () => "../..",
  () => '"\r\n#EXTINF:1,\n',
  () => "\ud800",
  () => "a".repeat(300),
  () => [],
  () => Array.from({ length: 200 }, () => 0),
  () => ({}),
  () => ({ length: 2 }),
  () => new Date(Number.NaN),
  () => new Map([["id", "main"]]),
  () => new Uint8Array(0),
  () => new Uint8Array(new ArrayBuffer(64), 60, 2),
  () => new Uint8Array(new SharedArrayBuffer(8)),
  () => new Float64Array(2),
];

/** Decisions out of bytes: when there are no more of them, the first choice. */
class Choices {
  readonly #bytes: Bytes;
  #at = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.byteLength - this.#at;
  }

  below(limit: number): number {
    return (this.#bytes[this.#at++] ?? 0) % Math.max(1, limit);
  }
}

type Container = Record<string, unknown> | unknown[];

/**
 * A value such as `postMessage` and IndexedDB carry, made of bytes: one of the samples, changed at places that the bytes choose. The
 * same bytes give the same value, so that what is mutated are bytes here too.
 */
export function valueFrom(bytes: Bytes, samples: readonly unknown[]): unknown {
  const choices = new Choices(bytes);
  const pick = (): unknown => structuredClone(samples[choices.below(samples.length)]);
  let value = pick();
  // Three bytes are the least that a change takes.
  for (let changes = 0; choices.left >= 3 && changes < 8; changes++) value = changed(value, choices, pick);
  return value;
}

/** A seed for each sample, and some that change it. */
export function seedsOf(samples: readonly unknown[]): readonly Bytes[] {
  return samples.flatMap((_, index) => [
    Uint8Array.of(index),
    Uint8Array.of(index, 1, 0, 0),
    Uint8Array.of(index, 2, 1, 1, 7),
  ]);
}

function changed(value: unknown, choices: Choices, pick: () => unknown): unknown {
  if (!isContainer(value)) return replaced(value, choices, pick);
  const keys = Object.keys(value).slice(0, 250);
  const at = choices.below(keys.length + 1);
  const key = keys[at];
  if (key === undefined) return replaced(value, choices, pick);
  const fields = value as Record<string, unknown>;
  const field = fields[key];
  if (isContainer(field) && choices.below(3) > 0) fields[key] = changed(field, choices, pick);
  else if (choices.below(8) === 0) delete fields[key];
  else fields[key] = replaced(field, choices, pick);
  return value;
}

function replaced(value: unknown, choices: Choices, pick: () => unknown): unknown {
  switch (choices.below(6)) {
    case 0:
      return near(value, choices);
    case 1:
      return pick();
    case 2:
      return Array.isArray(value) ? [...value, ...value] : [value];
    case 3:
      return { ...(isContainer(value) ? value : {}), [String(ODD[choices.below(ODD.length)]?.())]: value };
    default:
      return ODD[choices.below(ODD.length)]?.();
  }
}

/** Another value of the same type. */
function near(value: unknown, choices: Choices): unknown {
  const by = choices.below(256);
  if (typeof value === "number") return value + (by - 128) * (by % 2 === 0 ? 1 : 2 ** 24);
  if (typeof value === "string") return value.slice(0, by % 8) + String.fromCharCode(by) + value.slice(by % 8);
  if (value instanceof Uint8Array) return value.slice(0, by);
  return !value;
}

function isContainer(value: unknown): value is Container {
  if (Array.isArray(value)) return true;
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
