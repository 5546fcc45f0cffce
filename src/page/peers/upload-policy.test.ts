import { expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { type PeersOptions, resolvePeersOptions } from "./peer-options.ts";
import { UploadMeter } from "./upload-meter.ts";
import { UploadPolicy, type UploadWorld } from "./upload-policy.ts";

class FakeWorld implements UploadWorld {
  readonly clock = new FakeClock();
  readonly kept = new Map<string, string>();
  readonly store = {
    getItem: (key: string) => this.kept.get(key) ?? null,
    setItem: (key: string, value: string) => void this.kept.set(key, value),
  };
  hidden = false;
  metered = false;
  saveData = false;
  #listener: (() => void) | undefined;

  onChange(listener: () => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  get isWatched(): boolean {
    return this.#listener !== undefined;
  }

  set(changes: Partial<Pick<FakeWorld, "hidden" | "metered" | "saveData">>): void {
    Object.assign(this, changes);
    this.#listener?.();
  }
}

function policy(upload: PeersOptions["upload"] = {}, mode: PeersOptions["mode"] = "share", world = new FakeWorld()) {
  const config = resolvePeersOptions({ upload, mode }, "http://site.example/");
  const made = new UploadPolicy(config.upload, config.mode, world);
  const heard: (string | undefined)[] = [];
  made.onChange(({ reason }) => heard.push(reason ?? "on"));
  return { made, world, heard };
}

test("nothing is uploaded before somebody gave consent", () => {
  const { made, heard } = policy();
  expect(made.state).toEqual({ on: false, reason: "no-consent" });
  made.setConsent(true);
  expect(made.state).toEqual({ on: true, reason: undefined });
  made.setConsent(false);
  expect(heard).toEqual(["on", "no-consent"]);
});

test("the person's answer is remembered, and the site's word stands above it", () => {
  const { made, world } = policy();
  made.setConsent(true);
  expect(policy({}, "share", world).made.state.on).toBe(true);
  expect(policy({ consent: false }, "share", world).made.state.reason).toBe("no-consent");
  expect(policy({ consent: true }, "share").made.state.on).toBe(true);
});

test("consent that cannot be stored holds for the visit", () => {
  const world = new FakeWorld();
  world.store.getItem = world.store.setItem = () => {
    throw new Error("no storage");
  };
  const { made } = policy({}, "share", world);
  expect(made.state.on).toBe(false);
  made.setConsent(true);
  expect(made.state.on).toBe(true);
});

test.each(["receive-only", "off"] as const)("%s never uploads", (mode) => {
  const { made } = policy({ consent: true }, mode);
  made.setConsent(true);
  expect(made.state).toEqual({ on: false, reason: mode });
});

test("uploads stop on a metered connection and where data is to be saved, and go on after", () => {
  const { world, heard } = policy({ consent: true });
  world.set({ metered: true });
  world.set({ saveData: true });
  world.set({ metered: false });
  world.set({ saveData: false });
  expect(heard).toEqual(["metered", "save-data", "on"]);
});

test("a site may upload on metered connections", () => {
  const { made, world } = policy({ consent: true, onMetered: true });
  world.set({ metered: true, saveData: true });
  expect(made.state.on).toBe(true);
});

test("uploads stop in the background when asked to", () => {
  const stops = policy({ consent: true, inBackground: false });
  stops.world.set({ hidden: true });
  stops.world.set({ hidden: false });
  expect(stops.heard).toEqual(["background", "on"]);
  const goes = policy({ consent: true });
  goes.world.set({ hidden: true });
  expect(goes.heard).toEqual([]);
});

test("uploads stop at the monthly cap, and go on in the next month", () => {
  const { made, world, heard } = policy({ consent: true, monthlyBytes: 3_000_000 });
  made.uploaded(2_999_999);
  expect(made.state.on).toBe(true);
  made.uploaded(1);
  expect(made.monthBytes).toBe(3_000_000);
  world.clock.advance(31 * 24 * 3_600_000);
  world.set({});
  expect(heard).toEqual(["monthly-cap", "on"]);
  expect(made.monthBytes).toBe(0);
});

test("the rate is in bytes, and there is none without a limit", () => {
  const { made, world } = policy({ consent: true, maxBps: 8_000_000 });
  expect(made.rate?.take(128 * 1024)).toBe(true);
  expect(made.rate?.waitMs(1000)).toBe(1);
  world.clock.advance(1);
  expect(made.rate?.take(1000)).toBe(true);
  expect(policy({ consent: true }).made.rate).toBeUndefined();
});

test("a closed policy looks at nothing any more, and has stored what was uploaded", () => {
  const { made, world } = policy({ consent: true });
  made.uploaded(1000);
  made.close();
  expect(world.isWatched).toBe(false);
  expect(policy({}, "share", world).made.monthBytes).toBe(1000);
});

test("tabs that upload at the same time add to one sum", () => {
  const { store, clock } = new FakeWorld();
  const [a, b] = [new UploadMeter(store, clock), new UploadMeter(store, clock)];
  a.add(1_500_000);
  b.add(2_000_000);
  a.sync();
  expect([a.monthBytes, b.monthBytes]).toEqual([3_500_000, 3_500_000]);
});

test.each(["", "no JSON", "[]", '{"month":"2026-01","bytes":"many"}', '{"month":"2025-12","bytes":5}'])(
  "what is stored as %j counts as nothing",
  (stored) => {
    const { store, clock } = new FakeWorld();
    store.setItem("eddy-hls uploaded", stored);
    expect(new UploadMeter(store, clock).monthBytes).toBe(0);
  },
);
