/** Entry point `eddy-hls`: what a page needs. */
export type { AttributeValue, DateRangeOptions } from "../model/date-range.ts";
export { RelayError, type RelayErrorCode } from "../model/errors.ts";
export type { KeyMethod, MediaKey } from "../model/media-key.ts";
export type { PartForm, StreamOptions, StreamType } from "../model/options.ts";
export type { RenditionKind, RenditionOptions, VideoRange } from "../model/rendition-options.ts";
export type {
  MediaSource,
  Persistence,
  RelayStats,
  RenditionStats,
  StreamState,
  StreamStats,
  StreamSummary,
} from "../model/stats.ts";
export { type KeptStats, MAX_TITLE_LENGTH, type StorageStats } from "../model/storage.ts";
export { type Capture, type CaptureOptions, startCapture } from "./capture.ts";
export { type OpenRelayOptions, openRelay, type Relay } from "./open-relay.ts";
export { type LivePublication, type PublishCaptureOptions, publishCapture } from "./publish-capture.ts";
export type { PublishedPart, Publisher } from "./publisher.ts";
