/** What one relay holds at most. A session that goes beyond what is its own is closed; nobody else is touched. */
export interface MoqRelayLimits {
  readonly maxSessions: number;
  readonly maxBroadcastsPerSession: number;
  /** Of one broadcast, for all who subscribe. */
  readonly maxTracksPerBroadcast: number;
  readonly maxSubscriptionsPerSession: number;
  /** Kept of a track for who comes late or reads slowly; older ones are dropped. */
  readonly maxGroupsPerTrack: number;
  readonly maxBytesPerTrack: number;
  readonly maxFramesPerGroup: number;
  /** What one session publishes, on average. */
  readonly maxBytesPerSecond: number;
  /** How long a publisher may make the relay keep a group. */
  readonly maxLatencyMs: number;
}

export const RELAY_LIMITS: MoqRelayLimits = {
  maxSessions: 512,
  maxBroadcastsPerSession: 32,
  maxTracksPerBroadcast: 64,
  maxSubscriptionsPerSession: 128,
  maxGroupsPerTrack: 16,
  maxBytesPerTrack: 64 * 1024 * 1024,
  maxFramesPerGroup: 1_000,
  maxBytesPerSecond: 64 * 1024 * 1024,
  maxLatencyMs: 30_000,
};
