import { expect, type Page, test } from "@playwright/test";
import { serveKit } from "./kit-site.ts";
import { Published } from "./published.ts";
import { storeFaults } from "./store-check.ts";
import { endStream, killWorker, untilListed } from "./support.ts";
import { compare, expectWhole, windowMedia } from "./window-media.ts";

/** Holds the worker up where it asks whether it may go on. */
class Points {
  #armed: { readonly point: string; after: string | undefined; readonly reached: () => void } | undefined;
  readonly #held: ((text: string) => void)[] = [];

  /** Resolves when the worker has come to this point, once it has been at the other one; then it does not leave it. */
  hold(point: string, after?: string): Promise<void> {
    return new Promise((reached) => {
      this.#armed = { point, after, reached };
    });
  }

  /** Lets workers go on from now on. */
  release(): void {
    this.#armed = undefined;
    for (const answer of this.#held.splice(0)) answer("");
  }

  answer(path: string): Promise<string> | undefined {
    if (!path.startsWith("/fault/")) return undefined;
    const point = path.slice("/fault/".length);
    if (this.#armed?.after === point) this.#armed.after = undefined;
    if (this.#armed === undefined || this.#armed.after !== undefined) return Promise.resolve("");
    if (this.#armed.point !== point) return Promise.resolve(this.#armed.point);
    this.#armed.reached();
    return new Promise((resolve) => this.#held.push(resolve));
  }
}

const POINTS: readonly {
  readonly point: string;
  readonly when: string;
  readonly after?: string;
  readonly bring?: (page: Page) => Promise<unknown>;
}[] = [
  { point: "batch", when: "before a batch is taken" },
  { point: "batch-half", when: "in the middle of a batch" },
  { point: "batch-done", when: "when a batch is on disk and nobody was told" },
  { point: "open", when: "before the store is open", bring: killWorker },
  { point: "load", when: "while the store is read", bring: killWorker },
  {
    point: "read",
    when: "while a viewer reads from the disk",
    bring: async (page) => {
      await killWorker(page);
      await page.evaluate(async () => {
        const text = await (await fetch("/live/studio/main/dvr.m3u8")).text();
        const [first = ""] = /^[^#\n].*$/m.exec(text) ?? [];
        fetch(`/live/studio/main/${first}`).catch(() => undefined); // the kill ends it
      });
    },
  },
  {
    point: "sweep",
    when: "when a stream has been removed, and its media is still there",
    // Its head goes at once. A worker that has started sweeps too, for what an interrupted one has left.
    after: "forget",
    bring: (page) =>
      page.evaluate(() => {
        // Where the sweep is part of the same batch, the kill comes before the answer.
        window.eddy?.relay.remove("old").catch(() => undefined);
      }),
  },
];

test("a worker that is killed at any moment of its work on the disk finds it whole", async ({ context }) => {
  test.setTimeout(120_000);
  const points = new Points();
  const site = await serveKit({ worker: "workers/fault-worker.ts", answer: (path) => points.answer(path) });
  try {
    const published = await Published.of(context);
    const page = await context.newPage();
    await page.goto(`${site.url}/?publish=old&source=pattern`);
    await untilListed(page, "old", 2);
    await endStream(page);
    await page.goto(`${site.url}/?publish=studio&source=pattern`);
    await untilListed(page, "studio", 2);
    const parts = () => published.parts("studio");

    for (const { point, when, after, bring } of POINTS) {
      await test.step(when, async () => {
        const reached = points.hold(point, after);
        await bring?.(page);
        await reached;
        const acknowledged = parts().filter(({ acknowledgedAtMs }) => acknowledgedAtMs !== undefined).length;
        await killWorker(page);
        points.release();
        // Up to where it was, and on from there.
        await expect
          .poll(() => parts().filter(({ keptAtMs }) => keptAtMs !== undefined).length, { timeout: 20_000 })
          .toBeGreaterThan(acknowledged + 3);
        const [kept] = await windowMedia(page, "studio");
        if (kept === undefined) throw new Error("the stream is gone");
        expect(kept.gaps, when).toBe(0);
        expect(compare(published, "studio", kept).before, when).toBe(0);
        expect(await storeFaults(page), when).toMatchObject({ missing: [] });
      });
    }

    await endStream(page);
    await expect.poll(async () => (await page.evaluate(() => window.eddy?.relay.stats("studio")))?.state).toBe("ended");
    await killWorker(page);
    await expectWhole(page, published, "studio");
    expect(published.sessions.size, "one session for each stream").toBe(2);
    expect(await page.evaluate(async () => (await window.eddy?.relay.streams())?.map(({ name }) => name))).toEqual([
      "studio",
    ]);
    // What was deleted half is deleted whole.
    await expect.poll(() => storeFaults(page), { timeout: 15_000 }).toEqual({ missing: [], strays: [] });
  } finally {
    points.release();
    site.close();
  }
});
