import { describe, expect, test } from "vitest";
import { PIECE_SIZE_BYTES, type SignedHeader } from "../model/part-header.ts";
import type { PeerFrame } from "../wire/peer-frame.ts";
import {
  CARD,
  CARD_BYTES,
  connect,
  forged,
  keyOf,
  PART_MS,
  polluted,
  TestClock,
  TestPeer,
} from "./network.test-support.ts";

/** What an attacker says in the place of a frame of its swarm, which is one like any other's. */
type Attack = (clock: TestClock) => (frame: PeerFrame, say: (frame: PeerFrame) => void) => void;

const PARTS = 90;
const BEHIND_MS = 1_500;
const SLOW_MS = 4_000;
const REPLAY_AFTER_MS = 3_000;

const polluter: Attack = () => (frame, say) => say(frame.kind === "piece" ? { ...frame, bytes: polluted() } : frame);

/** Has everything, before anybody else, and sends nothing of it. */
const liar: Attack = () => (frame, say) => {
  if (frame.kind === "piece" || frame.kind === "refuse" || frame.kind === "choke") return;
  if (frame.kind === "offer") {
    say({ ...frame, substreams: frame.asked, free: frame.delaysMs.length, delaysMs: frame.delaysMs.map(() => 1) });
    return;
  }
  say(frame);
  // The parts of the next segment too, which nobody has made yet.
  const told =
    frame.kind === "header" ? frame.signed.header : frame.kind === "have" ? frame.ranges.at(-1)?.last : undefined;
  if (told === undefined) return;
  const { msn, part } = told;
  for (const last of [
    { msn, part: 5 },
    { msn: msn + 1, part: 5 },
  ])
    say({
      kind: "have",
      rendition: 0,
      hops: 0,
      ranges: [{ first: { msn: last.msn, part: last.msn === msn ? part : 0 }, last }],
    });
};

/** Sends one piece in four, so that it is never silent for long. */
const halfLiar: Attack = (clock) => {
  const lies = liar(clock);
  let count = 0;
  return (frame, say) => {
    if (frame.kind !== "piece") return lies(frame, say);
    count += 1;
    if (count % 4 === 0) say(frame);
  };
};

const slow: Attack = (clock) => (frame, say) => {
  if (frame.kind === "piece") clock.after(SLOW_MS, () => say(frame));
  else say(frame);
};

const flooder: Attack = () => {
  let token = 0;
  return (frame, say) => {
    say(frame);
    for (let count = 0; count < 40; count += 1) {
      token += 1;
      say({ kind: "ping", token });
    }
  };
};

const replayer: Attack = (clock) => {
  const said: { readonly frame: PeerFrame; readonly atMs: number }[] = [];
  return (frame, say) => {
    say(frame);
    if (frame.kind !== "piece" && frame.kind !== "header" && frame.kind !== "card") return;
    said.push({ frame, atMs: clock.now() });
    const old = said.filter(({ atMs }) => atMs < clock.now() - REPLAY_AFTER_MS);
    for (const { frame: again } of old.slice(-10)) say(again);
  };
};

const equivocator: Attack = (clock) => {
  const second = (signed: SignedHeader): SignedHeader => ({
    ...signed,
    digest: signed.digest.map((byte) => byte ^ 0xff),
  });
  return (frame, say) => {
    say(frame);
    if (frame.kind === "header") clock.after(400, () => say({ kind: "header", hops: 1, signed: second(frame.signed) }));
  };
};

const forger: Attack = () => (frame, say) =>
  say(frame.kind === "header" ? { ...frame, signed: forged(frame.signed, "unproven") } : frame);

const oversize: Attack = () => (frame, say) =>
  say(frame.kind === "piece" ? { ...frame, bytes: new Uint8Array(2 * PIECE_SIZE_BYTES) } : frame);

/** Plays what its swarm has, so far behind the live edge. */
class TestPlayer {
  readonly peer: TestPeer;
  stalledMs = 0;
  #next = 0;
  #positionMs = -BEHIND_MS;

  constructor(peer: TestPeer) {
    this.peer = peer;
  }

  play(forMs: number): void {
    while (this.peer.has(this.#next) || this.peer.missedParts.includes(this.#next)) this.#next += 1;
    const endMs = this.#next * PART_MS;
    const playedMs = Math.min(forMs, Math.max(0, endMs - this.#positionMs));
    this.#positionMs += playedMs;
    this.stalledMs += forMs - playedMs;
    this.peer.swarm.setBuffer(Math.max(0, endMs - this.#positionMs));
  }
}

interface RoomOptions {
  readonly hasOrigin: boolean;
  /** The attackers come so many parts after the others. Default 0: they are the first that anybody meets. */
  readonly later?: number;
}

/** A stream, five that watch it, and attackers; all know all. */
function attackedRoom(attacks: readonly Attack[], { hasOrigin, later = 0 }: RoomOptions) {
  const clock = new TestClock();
  const publisher = hasOrigin ? undefined : new TestPeer(clock, "pub", { source: true, seedCopies: 2 });
  publisher?.swarm.setCard(CARD_BYTES, CARD);
  const attackers = attacks.map((attack, at) => {
    const peer = new TestPeer(clock, `a${at}`, { fetches: hasOrigin });
    peer.says = attack(clock);
    return peer;
  });
  const viewers = Array.from({ length: 5 }, (_, at) => new TestPeer(clock, `v${at}`, { fetches: hasOrigin }));
  const honest = [...(publisher === undefined ? [] : [publisher]), ...viewers];
  const meet = (some: readonly TestPeer[], others: readonly TestPeer[]): void => {
    for (const [at, one] of some.entries())
      for (const other of some === others ? some.slice(at + 1) : others) connect(one, other);
  };
  if (later === 0) meet(attackers, honest);
  meet(attackers, attackers);
  meet(honest, honest);
  clock.advance(1000);
  const players = viewers.map((viewer) => new TestPlayer(viewer));
  for (let index = 0; index < PARTS; index += 1) {
    if (later > 0 && index === later) meet(attackers, honest);
    publisher?.provide(index);
    if (hasOrigin) for (const { swarm } of [...attackers, ...viewers]) swarm.announce(keyOf(index));
    for (let step = 0; step < 3; step += 1) {
      clock.advance(PART_MS / 3);
      for (const player of players) player.play(PART_MS / 3);
    }
  }
  clock.advance(2000);
  return { viewers, players, publisher };
}

const ATTACKS: readonly (readonly [string, Attack])[] = [
  ["polluter", polluter],
  ["liar", liar],
  ["liar that now and then sends something", halfLiar],
  ["slow sender", slow],
  ["flooder", flooder],
  ["replayer", replayer],
  ["equivocator", equivocator],
  ["forger", forger],
  ["oversize sender", oversize],
];

describe("with a publisher", () => {
  for (const [name, attack] of ATTACKS) {
    // Nobody knows them yet to be any worse than the others, and there is no origin: they can cost time, but no part.
    test(`two, each a ${name}, that the publisher met first, cost five viewers no part`, () => {
      expectUnharmed([attack, attack], { hasOrigin: false, mayStall: true, areBanned: attack !== replayer });
    });

    test(`two, each a ${name}, that come later cost five viewers nothing`, () => {
      expectUnharmed([attack, attack], { hasOrigin: false, later: 20, mayStall: attack === halfLiar });
    });
  }
});

describe("with an origin", () => {
  for (const [name, attack] of ATTACKS) {
    test(`two, each a ${name}, cost five viewers nothing`, () => {
      expectUnharmed([attack, attack], { hasOrigin: true });
    });
  }

  test("five polluters are banned, and cost five viewers nothing", () => {
    expectUnharmed(new Array<Attack>(5).fill(polluter), { hasOrigin: true, areBanned: true });
  });

  test("five liars are banned, and cost five viewers nothing", () => {
    expectUnharmed(new Array<Attack>(5).fill(liar), { hasOrigin: true, areBanned: true });
  });
});

function expectUnharmed(
  attacks: readonly Attack[],
  {
    areBanned = false,
    mayStall = false,
    ...room
  }: RoomOptions & { readonly areBanned?: boolean; readonly mayStall?: boolean },
): void {
  const { viewers, players, publisher } = attackedRoom(attacks, room);
  const stalls = players.map(({ stalledMs }) => Math.round(stalledMs));
  if (!mayStall) expect(stalls).toEqual(players.map(() => 0));
  for (const { missedParts, parts } of viewers) {
    expect(missedParts).toEqual([]);
    expect(parts.length).toBe(PARTS);
    for (const { key, bytes } of parts) {
      const index = (key.msn - 1) * 6 + key.part;
      expect(bytes.every((byte) => byte === (index & 0x7f))).toBe(true);
    }
  }
  const bans = [...viewers, ...(publisher === undefined ? [] : [publisher])].flatMap((peer) => peer.bans);
  expect(bans.filter((ban) => !ban.startsWith("a"))).toEqual([]);
  if (!areBanned) return;
  for (const [at] of attacks.entries())
    expect(
      bans.some((ban) => ban.startsWith(`a${at}:`)),
      `a${at}`,
    ).toBe(true);
}
