import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "../../cache/fake-clock.test-support.ts";
import { FakeLocks } from "./fake-locks.test-support.ts";
import type { Leader } from "./leader.ts";
import { NO_STATS } from "./session-stats.ts";
import type { Channel } from "./tab-channel.ts";
import { TabSession } from "./tab-session.ts";

let clock: FakeClock;
let locks: FakeLocks;
let channels: Set<Channel>;
let log: string[];
/** What the worker has: a stream of that name, and whether it goes on. */
let isThere: boolean;
let isLive: boolean;
/** Whether who stands by gets ready, and how many leaders were made. */
let isReachable: boolean;
let leaders: number;
/** What is stored of the person's answer, and whether that can be. */
let consent: boolean | undefined;
let canStore: boolean;

beforeEach(() => {
  consent = undefined;
  canStore = true;
  isReachable = true;
  leaders = 0;
  clock = new FakeClock();
  locks = new FakeLocks();
  channels = new Set();
  log = [];
  isThere = false;
  isLive = false;
});

function openChannel(): Channel {
  const channel: Channel = {
    onmessage: null,
    postMessage: (data: unknown) => {
      for (const other of channels) if (other !== channel) other.onmessage?.({ data: structuredClone(data) } as never);
    },
    close: () => channels.delete(channel),
  };
  channels.add(channel);
  return channel;
}

/** Leads until it is told to stop, and says what it was asked. */
function fakeLeader(tab: string): Leader {
  const leader = {
    stats: { now: { ...NO_STATS, atMs: 1, uploadedBytes: Number(tab) } },
    prepare: async () => {
      log.push(`${tab} stands by`);
      if (!isReachable) throw new Error("no peers");
    },
    discard: async () => void log.push(`${tab} stands by no more`),
    look: () => undefined,
    bufferChanged: () => undefined,
    setConsent: (given: boolean) => log.push(`${tab} is told ${given ? "yes" : "no"}`),
    run: (signal: AbortSignal) => {
      log.push(`${tab} leads`);
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
  };
  return leader as unknown as Leader;
}

async function open(tab: string): Promise<TabSession> {
  const session = new TabSession({
    name: "studio",
    id: "eddy /live/studio",
    tab,
    clock,
    locks,
    channel: openChannel(),
    storeConsent: (given) => {
      if (!canStore) throw new DOMException("storage is full", "QuotaExceededError");
      consent = given;
    },
    makeLeader: (owner) => {
      owner.setRole("leader");
      leaders++;
      return fakeLeader(tab);
    },
    isThere: async (live) => (live ? isLive : isThere),
    onClosed: () => log.push(`${tab} is closed`),
  });
  await session.start();
  await settle();
  return session;
}

const settle = async () => {
  for (let turn = 0; turn < 40; turn++) await Promise.resolve();
};

test("one tab leads, the next in turn stands by, and leads when the first closes", async () => {
  const first = await open("1");
  const second = await open("2");
  await open("3");
  expect(log).toEqual(["1 leads", "2 stands by"]);
  await first.close();
  await settle();
  expect(log.slice(2)).toEqual(["2 leads", "3 stands by", "1 is closed"]);
  await second.close();
  await settle();
  expect(log).toContain("3 leads");
});

test("a tab that closes while it stands by lets go of what it prepared", async () => {
  await open("1");
  const second = await open("2");
  await second.close();
  expect(log.slice(2)).toEqual(["2 stands by no more", "2 is closed"]);
});

test("a leader that could not get ready is let go of, and another one leads", async () => {
  const first = await open("1");
  isReachable = false;
  await open("2");
  expect(log.slice(1)).toEqual(["2 stands by", "2 stands by no more"]);
  await first.close();
  await settle();
  expect(log).toContain("2 leads");
  expect(leaders).toBe(3);
});

test("the figures of the leader are those of every tab", async () => {
  await open("1");
  const second = await open("2");
  const heard: number[] = [];
  second.addEventListener("stats", ({ detail }) => heard.push(detail.uploadedBytes));
  clock.advance(1_000);
  expect(heard).toEqual([1]);
  expect(second.stats()).toMatchObject({ uploadedBytes: 1, atMs: 1 });
});

test("an answer that is given in a tab that follows reaches the one that leads", async () => {
  await open("1");
  const second = await open("2");
  second.setConsent(false);
  expect(log).toContain("1 is told no");
});

test.each([true, false])(
  "the person's last answer stands, in whichever tab it was given (stored: %s)",
  async (stored) => {
    canStore = stored;
    const first = await open("1");
    const second = await open("2");
    second.setConsent(true);
    first.setConsent(false);
    await first.close();
    await settle();
    expect(second.role).toBe("leader");
    expect(log.findLast((line) => line.startsWith("2 is told"))).toBe("2 is told no");
    expect(consent).toBe(stored ? false : undefined);
  },
);

test("an answer that was changed in the settings of the site is not overruled by who leads next", async () => {
  const first = await open("1");
  const second = await open("2");
  second.setConsent(true);
  log.length = 0;
  consent = false;
  await first.close();
  await settle();
  expect(second.role).toBe("leader");
  expect(log).not.toContain("2 is told yes");
});

test("of several players in one tab the least counts, and who is paused or taken away changes nothing for the others", async () => {
  const session = await open("1");
  const video = (aheadS: number, paused = false) => ({
    buffered: { length: 1, start: () => 0, end: () => aheadS },
    currentTime: 0,
    paused,
    ended: false,
    readyState: 4,
  });
  const stop = session.attach(video(3));
  session.attach(video(5));
  session.attach(video(1, true));
  expect(session.bufferAheadMs).toBe(3_000);
  clock.advance(1_000);
  expect(session.bufferAheadMs).toBe(3_000);
  stop();
  expect(session.bufferAheadMs).toBe(5_000);
});

/** Notes how `ready()` ends. */
function heard(ready: Promise<void>): { outcome: string } {
  const note = { outcome: "waits" };
  ready.then(
    () => {
      note.outcome = "ready";
    },
    (error: Error & { code?: string }) => {
      note.outcome = error.code ?? error.message;
    },
  );
  return note;
}

test("ready() resolves once the worker has the stream, and is not taken in by an earlier one of that name", async () => {
  const session = await open("1");
  isThere = true; // a recording of yesterday
  const note = heard(session.ready());
  await settle();
  expect(note.outcome).toBe("waits");
  isLive = true;
  clock.advance(200);
  await settle();
  expect(note.outcome).toBe("ready");
});

test("ready() takes what has ended where this session has seen it end", async () => {
  const session = await open("1");
  isThere = true;
  session.dispatch("ended", {});
  await expect(session.ready()).resolves.toBeUndefined();
});

test("ready() gives up at its deadline, by its signal, and when the session is closed", async () => {
  const session = await open("1");
  const aborter = new AbortController();
  const late = heard(session.ready({ deadlineMs: 1_000 }));
  const aborted = heard(session.ready({ signal: aborter.signal }));
  const closed = heard(session.ready());
  await settle();
  for (let looks = 0; looks < 5; looks++) {
    clock.advance(200);
    await settle();
  }
  expect(late.outcome).toBe("deadline");
  aborter.abort(new Error("gone"));
  await settle();
  expect(aborted.outcome).toBe("gone");
  expect(closed.outcome).toBe("waits");
  await session.close();
  await settle();
  expect(closed.outcome).toBe("closed");
});

test("a session that gets no lock says so, and is closed", async () => {
  locks.request = () => Promise.reject(new DOMException("storage is blocked", "SecurityError"));
  await expect(open("1")).rejects.toMatchObject({
    code: "unsupported-browser",
    message: "expected a Web Lock, this browser gives none: storage is blocked",
  });
  expect(log).toEqual(["1 is closed"]);
  expect(channels.size).toBe(0);
});
