import { expect, test } from "@playwright/test";
import { meanCopies } from "../ffmpeg-origin.ts";
import { whyNoInternet } from "./internet.ts";
import { openStage, type Stage } from "./stage.ts";
import { all, type Pair, pause, peerShare, reasons, routes, withTwo } from "./two-viewers.ts";

const OBSERVED_MS = 12_000;
/** ICE gives up after 15 s, and Trystero after 23. */
const GIVEN_UP_MS = 40_000;
/** Who has just come may have fetched what it then gets from the other. */
const TUNE_IN_MS = 3_000;
const SETTLED_MS = 8_000;
/** Until a playlist is asked for over another connection. */
const MOVED_MS = 2_500;
/** Of a way that was tried and is not used. */
const CHECKS_BYTES = 50_000;

/** A machine whose timers are so late is no quiet one. */
const BUSY_MS = 200;

interface Case extends Pair {
  readonly came: "direct" | "relayed" | "origin";
  /** What each viewer says of why the other is not reached. */
  readonly why?: readonly [RegExp, RegExp];
}

const WANTS_TURN = /^nat: .*a TURN server in iceServers would help/;
const NO_UDP = /^nat: no STUN or TURN server answered .* may block UDP/;
const DENIED = /^nat: no TURN server let this browser in.*: 401 /;
const PEER_HAS_NONE = /^nat: .*the peer may have none/;

const CASES: readonly Case[] = [
  { nats: ["cone", "cone"], servers: "STUN", came: "direct" },
  { nats: ["cone", "symmetric"], servers: "STUN", came: "origin", why: [WANTS_TURN, WANTS_TURN] },
  { nats: ["cone", "symmetric"], servers: "TURN", came: "relayed" },
  { nats: ["symmetric", "symmetric"], servers: "STUN", came: "origin", why: [WANTS_TURN, WANTS_TURN] },
  { nats: ["symmetric", "symmetric"], servers: "TURN", came: "relayed" },
  { nats: ["symmetric", "symmetric"], servers: "TURN, wrong password", came: "origin", why: [DENIED, DENIED] },
  { nats: ["cone", "no-udp"], servers: "STUN", came: "origin", why: [WANTS_TURN, NO_UDP] },
  { nats: ["cone", "no-udp"], servers: "TURN", came: "origin", why: [PEER_HAS_NONE, NO_UDP] },
  { nats: ["cone", "no-udp"], servers: "TURN over TCP", came: "relayed" },
  { nats: ["no-udp", "no-udp"], servers: "TURN over TCP", came: "relayed" },
  { nats: ["cone", "cone"], servers: "TURN", mode: "relay-only", came: "relayed" },
];

const HEAD =
  "| NATs | servers | what came | connected after, ms | pictures after, ms | parts of peers | copies of the origin |";
/** Of docs/peers.md. */
const rows: string[] = [];
let stage: Stage;

test.beforeAll(async () => {
  const why = whyNoInternet();
  test.skip(why !== undefined, why);
  stage = await openStage();
});
test.afterAll(async () => {
  await stage?.close();
  if (rows.length > 0) console.log([HEAD, "|---|---|---|---|---|---|---|", ...rows].join("\n"));
});

for (const each of CASES) {
  const { nats, servers, came, mode, why } = each;
  const asked = mode === undefined ? servers : `${servers}, ${mode}`;
  test(`${nats.join(" and ")}, ${asked}: ${came}`, async ({ launchOptions }) => {
    test.setTimeout(150_000);
    await withTwo(each, stage, launchOptions, async (viewers, lateMs) => {
      for (const [index, viewer] of viewers.entries()) {
        const ends = expect.poll(() => (came === "origin" ? reasons(viewer) : routes(viewer)), {
          timeout: GIVEN_UP_MS,
        });
        await (came === "origin"
          ? ends.toContainEqual(expect.stringMatching(why?.[index] ?? ""))
          : ends.toEqual([came]));
      }
      await pause(TUNE_IN_MS);
      const passed = viewers.map(({ home }) => home.passed());
      const count = stage.origin.count();
      const share = await peerShare(viewers, OBSERVED_MS);
      const copies = meanCopies(count.stop());
      const logs = await all(viewers, (viewer) => viewer.ice());
      const connects = came === "origin" ? "–" : Math.max(...logs.map(({ connectsMs }) => connectsMs[0] ?? 0));
      const starts = viewers.map(({ startMs }) => startMs).join(", ");
      rows.push(
        `| ${nats.join(", ")} | ${asked} | ${came} | ${connects} | ${starts} | ${Math.round(100 * share)} % | ${copies.toFixed(2)} |`,
      );

      for (const [index, { home }] of viewers.entries()) {
        const { toHomes, toTurn } = home.passed();
        const direct = toHomes - (passed[index]?.toHomes ?? 0);
        const relayed = toTurn - (passed[index]?.toTurn ?? 0);
        const way = direct > CHECKS_BYTES ? "direct" : relayed > CHECKS_BYTES ? "relayed" : "origin";
        expect(way, `router ${index} saw ${direct} bytes to homes, ${relayed} to TURN`).toBe(came);
      }
      if (came === "origin") expect(share, "parts of peers").toBe(0);
      else expectShared(share, lateMs());
      if (mode === "relay-only") {
        const { address, localAddress } = viewers[0].home;
        const heard = logs[1]?.heard.join("\n") ?? "";
        expect(heard).toContain(" typ relay");
        expect(heard).not.toMatch(/ typ (?:host|srflx|prflx)/);
        expect(viewers[0].home.passed().toHomes, "bytes to and from the other home itself").toBe(0);
        for (const secret of [address, localAddress]) expect(heard).not.toContain(secret);
      }
    });
  });
}

test("relay-only, and a TURN server that lets nobody in: no address, and the origin", async ({ launchOptions }) => {
  test.setTimeout(120_000);
  const pair: Pair = { nats: ["cone", "cone"], servers: "TURN, wrong password", mode: "relay-only" };
  await withTwo(pair, stage, launchOptions, async ([hidden]) => {
    const told = expect.poll(() => reasons(hidden), { timeout: GIVEN_UP_MS });
    await told.toContainEqual(expect.stringMatching(/^no-ice: .*: 401 /));
  });
});

/** Each part is fetched by one of the two, and the other has it from there; where the machine is too busy for their deadlines, some. */
function expectShared(share: number, lateMs: number): void {
  const least = lateMs < BUSY_MS ? 0.4 : 0;
  expect(share, `parts of peers, while timers were late by ${lateMs} ms`).toBeGreaterThan(least);
}

for (const [nat, servers] of [
  ["cone", "STUN"],
  ["symmetric", "TURN"],
] as const) {
  test(`a home behind a ${nat} NAT gets another address, and its viewer finds its peer again`, async ({
    launchOptions,
  }) => {
    test.setTimeout(150_000);
    const pair: Pair = { nats: [nat, nat], servers, bearableMs: MOVED_MS };
    await withTwo(pair, stage, launchOptions, async (viewers, lateMs) => {
      for (const viewer of viewers) await expect.poll(() => routes(viewer), { timeout: GIVEN_UP_MS }).toHaveLength(1);
      await pause(TUNE_IN_MS);
      const connects = () => all(viewers, async (viewer) => (await viewer.ice()).connectsMs.length);
      const before = await connects();
      const movedAtMs = Date.now();
      viewers[1].home.renumber();
      const areBack = async () => (await connects()).every((count, index) => count > (before[index] ?? 0));
      await expect.poll(areBack, { timeout: 60_000 }).toBe(true);
      console.log(`${nat}: connected again after ${Date.now() - movedAtMs} ms`);
      // Who fetches for both is found again first.
      await pause(SETTLED_MS);
      expectShared(await peerShare(viewers, OBSERVED_MS), lateMs());
    });
  });
}
