import type { RelayStats, SessionStats } from "eddy-hls";
import { expect, test } from "vitest";
import { makeReport } from "./report.ts";
import type { LoggedRequest } from "./request-log.ts";

const SESSION = {
  role: "leader",
  peers: [{ peer: "a1b2c3d4e5", receiveBps: 1, sendBps: 2, receivedBytes: 3, sentBytes: 4 }],
  bans: [{ peer: "evil999", reason: "forged" }],
  failures: [{ reason: "nat", message: "no way to 192.0.2.7", peer: "far888", atMs: 5 }],
  relay: { state: "open", url: "https://relay.example/live?jwt=secret", sessions: 1, subscriptions: 1, refused: 0 },
} as unknown as SessionStats;

const report = makeReport({
  atMs: Date.UTC(2026, 4, 1),
  userAgent: "a browser",
  stats: { version: "0.1.0" } as RelayStats,
  stream: undefined,
  playlist:
    '#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/1?token=secret",IV=0x1\n#EXTINF:2,\nseg-1.mp4',
  requests: [
    {
      key: "w 1",
      number: 1,
      target: "studio/main/media.m3u8?_HLS_msn=4&_HLS_part=2&token=secret",
      page: "/?watch=studio&key=fingerprint-secret&moq=https%3A%2F%2Frelay.example",
      kind: "media",
      askedAtMs: 1,
      state: "done",
      status: 200,
      sizeBytes: 9,
    } satisfies LoggedRequest,
  ],
  workerStarts: [],
  session: SESSION,
  player: { latencyMs: 900 },
  faults: [],
});

test("a report holds no keys, no addresses, and no names of peers", () => {
  const text = JSON.stringify(report);
  for (const secret of ["secret", "example", "a1b2c3", "evil999", "far888", "192.0.2.7", "fingerprint"])
    expect(text).not.toContain(secret);
});

test("a report says what was asked, by which view, and what the swarm did", () => {
  expect(report.requests).toMatchObject([
    { target: "studio/main/media.m3u8?_HLS_msn=4&_HLS_part=2", by: "watch", status: 200 },
  ]);
  expect(report.session).toMatchObject({ peers: [{ peer: "peer 1", receiveBps: 1 }], bans: ["forged"] });
  expect(report.playlist).toContain('#EXT-X-KEY:METHOD=AES-128,URI="left out",IV=0x1');
});
