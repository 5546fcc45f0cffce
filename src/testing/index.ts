/**
 * A live LL-HLS origin that fails on command, for who tests a player. It loads without Playwright, which only its fixtures are for.
 * @packageDocumentation
 */
export type { Match } from "../http/handler.ts";
export type { Bytes } from "../model/bytes.ts";
export type { Clock } from "../model/clock.ts";
export type { TracedKind, TracedRequest, TracedState } from "../model/inspection.ts";
export type { StreamType } from "../model/options.ts";
export type { RenditionContainer, RenditionKind, RenditionOptions, VideoRange } from "../model/rendition-options.ts";
export type { AskedRequest } from "./asked-request.ts";
export type { FaultEvent } from "./fault-script.ts";
export type { FrameSpan } from "./frame-times.ts";
export { type Pixels, readFrameNumber } from "./media/read-frame-number.ts";
export {
  type SyntheticMedia,
  type SyntheticMediaOptions,
  type SyntheticPart,
  type SyntheticSize,
  synthesize,
} from "./media/synthetic-media.ts";
export type * from "./origin-fault.ts";
export type { OriginOptions } from "./origin-options.ts";
export { type OriginTrace, requestsOf } from "./origin-trace.ts";
export type { ClockPace, ClockReading } from "./paced-clock.ts";
export {
  type LatencySample,
  type PlaybackRecord,
  type PlaybackSample,
  playedMs,
  quantile,
  type ShownFrame,
  type Stall,
} from "./playback-report.ts";
export {
  type LiveOriginFixtures,
  type LiveOriginOptions,
  type LiveOriginStarter,
  liveOriginFixtures,
} from "./playwright/fixtures.ts";
export type { LiveOrigin } from "./playwright/live-origin.ts";
export { type MatcherVerdict, originMatchers } from "./playwright/matchers.ts";
export type { Playback, PlaybackProbe, ProbeOptions } from "./playwright/playback-probe.ts";
export { TestOrigin, type TestOriginContext } from "./test-origin.ts";
