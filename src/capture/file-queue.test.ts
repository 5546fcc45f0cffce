import { beforeEach, expect, test, vi } from "vitest";
import { RelayError } from "../model/errors.ts";
import { TestClock } from "./capture.test-support.ts";
import type { Feed, FeedContext } from "./feed.ts";
import type { FilePlayOptions } from "./file-play.ts";
import { openFiles } from "./file-queue.ts";

/** What each file does once it plays, by its name. */
interface Act {
  hasPicture: boolean;
  isOver: boolean;
  failure?: RelayError;
}
const acts = new Map<string, Act>();
const opened: string[] = [];

vi.mock("./file-inspect.ts", async (original) => ({
  ...(await original<typeof import("./file-inspect.ts")>()),
  inspectFile: async () => ({
    audio: { decodable: true, scan: {} },
    readable: async () => true,
    close: () => undefined,
  }),
}));
vi.mock("./file-play.ts", () => ({
  FilePlay: class {
    readonly #act: Act;
    readonly #name: string;
    held = false;

    constructor({ name }: FilePlayOptions) {
      opened.push(name);
      this.#name = name;
      this.#act = acts.get(name) as Act;
    }
    get hasPicture() {
      return this.#act.hasPicture;
    }
    get isOver() {
      return this.#act.isOver;
    }
    get failure() {
      return this.#act.failure;
    }
    frame() {
      return this.#act.hasPicture ? { name: this.#name, close: () => undefined } : undefined;
    }
    sound() {}
    stop() {}
  },
}));

const plays = (): Act => ({ hasPicture: true, isOver: false });
/** Its header could be read, and none of its pictures: damaged throughout, or deleted since. */
const fails = (): Act => ({ hasPicture: false, isOver: true });
const settled = () => new Promise((resolve) => setTimeout(resolve));

async function queue(files: Record<string, Act>, loop = false) {
  for (const [name, act] of Object.entries(files)) acts.set(name, act);
  const request = {
    kind: "files",
    files: Object.keys(files).map((name) => ({ file: new Blob(["x"]), name })),
    loop,
  } as const;
  const ends: (RelayError | undefined)[] = [];
  const warnings: string[] = [];
  const open = await openFiles(request, { audio: true }, new TestClock());
  const feed: Feed = open.start({
    warn: (_, message) => warnings.push(message),
    ended: (error) => ends.push(error),
  } as Partial<FeedContext> as FeedContext);
  await settled();
  let index = 0;
  /** What is shown in the next slot, once what follows has been looked for. */
  const shown = async (): Promise<string | undefined> => {
    const picture = feed.frame({ index: index++, timestampUs: 0, durationUs: 0 }) as { name?: string } | undefined;
    await settled();
    return picture?.name;
  };
  return { feed, shown, ends, warnings };
}

beforeEach(() => {
  acts.clear();
  opened.length = 0;
});

test("one file follows the other, and the last one's end is the end", async () => {
  const [a, b] = [plays(), plays()];
  const { shown, ends } = await queue({ a, b });
  expect(await shown()).toBe("a");
  a.isOver = true;
  expect(await shown()).toBe("b");
  expect(ends).toEqual([]);
  b.isOver = true;
  await shown();
  expect(ends).toEqual([undefined]);
});

test("a file that gives no picture is left out, with a word, and the one after it follows", async () => {
  const a = plays();
  const { shown, ends, warnings } = await queue({ a, b: fails(), c: plays() });
  expect(await shown()).toBe("a");
  a.isOver = true;
  await shown();
  expect(await shown()).toBe("c");
  expect(ends).toEqual([]);
  expect(warnings).toEqual(["b is left out. None of its pictures could be decoded."]);
});

test("a file that breaks off is told of, and the next one follows", async () => {
  const a = plays();
  const { shown, warnings } = await queue({ a, b: plays() });
  await shown();
  Object.assign(a, { isOver: true, failure: new RelayError("source-lost", "It was deleted.") });
  expect(await shown()).toBe("b");
  expect(warnings).toEqual(["a broke off. It was deleted."]);
});

test("a queue of which nothing more can be shown ends, and is not looked through again and again", async () => {
  for (const loop of [false, true]) {
    const a = plays();
    const { shown, ends } = await queue({ a, b: fails(), c: fails() }, loop);
    await shown();
    Object.assign(a, fails());
    for (let slot = 0; slot < 10; slot++) await shown();
    expect(ends).toHaveLength(1);
    expect(opened.length).toBeLessThanOrEqual(loop ? 4 : 3);
    opened.length = 0;
  }
});

test("next() passes over a file that gives no picture", async () => {
  const { feed, shown } = await queue({ a: plays(), b: fails(), c: plays() });
  await shown();
  const next = feed.next?.();
  for (let slot = 0; slot < 4; slot++) await shown();
  await next;
  expect(feed.playing).toMatchObject({ index: 2, name: "c" });
});
