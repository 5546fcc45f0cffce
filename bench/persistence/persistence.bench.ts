import { expect, test } from "@playwright/test";
import { KIT, serveKit } from "../../e2e/kit-site.ts";
import { launchPlain, type PlainTab } from "../../e2e/plain-tabs.ts";

/** Parts of about this size, with the picture in them. */
const PAD_BYTES = 48_000;
/** One part after the other, at a pace that no encoder reaches. */
const PACED_ROUNDS = 15;
const PACE_MS = 20;
/** As fast as the worker takes them. */
const FAST_ROUNDS = 60;
const AT_ONCE = 32;
/** The two take turns, so that what else the machine does falls on both. */
const TURNS = 3;

interface Figures {
  readonly parts: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly partsPerS: number;
  readonly megabytesPerS: number;
}

/** Runs in the page of a kit that holds a clip and a relay. */
async function measure(tab: PlainTab, turn: number): Promise<Figures> {
  return (await tab.evaluate(`(async () => {
    const rounds = { padBytes: ${PAD_BYTES} };
    const paced = await kit.publishClip(relay, "paced-${turn}", clip);
    const waits = [...await kit.publishRounds(paced, clip, { ...rounds, from: 0, to: ${PACED_ROUNDS}, everyMs: ${PACE_MS} })];
    await paced.end();
    waits.sort((left, right) => left - right);
    const fast = await kit.publishClip(relay, "fast-${turn}", clip);
    const startMs = performance.now();
    const { length } = await kit.publishRounds(fast, clip, { ...rounds, from: 0, to: ${FAST_ROUNDS}, atOnce: ${AT_ONCE} });
    await fast.end(); // answers when all of it is on disk, where there is one
    const tookS = (performance.now() - startMs) / 1000;
    for (const name of ["paced-${turn}", "fast-${turn}"]) await relay.remove(name);
    const at = (share) => Number(waits[Math.floor((waits.length - 1) * share)].toFixed(2));
    return {
      parts: waits.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      partsPerS: Math.round(length / tookS),
      megabytesPerS: Number(((length * ${PAD_BYTES}) / tookS / 1e6).toFixed(1)),
    };
  })()`)) as Figures;
}

test("what the disk costs a part, against the same relay in memory", async () => {
  const { args = [], executablePath } = test.info().project.use.launchOptions ?? {};
  const browser = await launchPlain(args, executablePath);
  const variants = { memory: "{}", disk: "{ dvr: EddyWorker.dvr() }" } as const;
  const figures: Record<string, Figures[]> = {};
  try {
    const sites = await Promise.all(
      Object.entries(variants).map(async ([name, serves]) => [name, await serveKit({ serves })] as const),
    );
    for (let turn = 0; turn < TURNS; turn++) {
      for (const [name, { url }] of sites) {
        // A new tab is in front: a hidden one could not keep the pace.
        const tab = await browser.open(url + KIT);
        await expect.poll(() => tab.evaluate("typeof window.kit")).toBe("object");
        const made = await tab.evaluate(`(async () => {
          window.relay = await kit.openRelay();
          window.clip = await kit.record(2, { width: 160, height: 90, videoBitrate: 40_000 });
          return clip.parts.length;
        })()`);
        expect(made).toBeGreaterThan(4);
        figures[name] = [...(figures[name] ?? []), await measure(tab, turn)];
      }
    }
    for (const [, site] of sites) site.close();
  } finally {
    await browser.close();
  }
  for (const [name, turns] of Object.entries(figures)) {
    console.log(name);
    console.table(turns);
  }
});
