import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../model/clock.ts";
import { watchPulse } from "./pulse.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(counted: () => { readonly packetsSent?: number; readonly packetsReceived?: number }) {
  let losses = 0;
  const stop = watchPulse({ session: { stats: async () => counted() }, clock: systemClock, lost: () => losses++ });
  return { stop, losses: () => losses };
}

test("a relay that acknowledges nothing of what is sent to it is lost after a second, and told once", async () => {
  let packets = 0;
  let isAlive = true;
  let received = 0;
  const { losses } = watched(() => {
    packets += 1;
    if (isAlive) received += 1;
    return { packetsSent: packets, packetsReceived: received };
  });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(losses()).toBe(0);
  isAlive = false;
  await vi.advanceTimersByTimeAsync(1_300);
  expect(losses()).toBe(1);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(losses()).toBe(1);
});

test("where nothing is sent, nothing is missed; and where nothing is counted, or it is over, nothing is noticed", async () => {
  const quiet = watched(() => ({ packetsSent: 7, packetsReceived: 7 }));
  const uncounted = watched(() => ({}));
  let packets = 0;
  const stopped = watched(() => ({ packetsSent: packets++, packetsReceived: 0 }));
  stopped.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect([quiet.losses(), uncounted.losses(), stopped.losses()]).toEqual([0, 0, 0]);
});
