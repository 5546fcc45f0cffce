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
export {
  type KeptStats,
  MAX_DVR_WINDOW_MS,
  MAX_TITLE_LENGTH,
  MIN_DVR_WINDOW_MS,
  type StorageStats,
} from "../model/storage.ts";
export { type Capture, type CaptureOptions, startCapture } from "./capture.ts";
export type { JoinOptions } from "./join-options.ts";
export { type MoqOptions, type MoqRelay, type MoqSource, moq } from "./moq/moq-source.ts";
export { type MoqProbe, probeMoq } from "./moq/probe-moq.ts";
export { type OpenRelayOptions, openRelay, type PublishCall, type Relay } from "./open-relay.ts";
export type { PeerFailure, PeerFailureReason } from "./peers/peer-failures.ts";
export type { PeersConfig, PeersMode, PeersOptions, Signalling, UploadOptions } from "./peers/peer-options.ts";
export type { PeerTransport, PeerTransportStats } from "./peers/peer-transport.ts";
export { type Peers, peers } from "./peers/peers.ts";
export type { UploadBar, UploadPolicy, UploadState } from "./peers/upload-policy.ts";
export { setUploadConsent, type UploadRecord, uploadRecord } from "./peers/upload-record.ts";
export { type LivePublication, type PublishCaptureOptions, publishCapture } from "./publish-capture.ts";
export type { PublishedPart, Publisher, Seeding } from "./publisher.ts";
export type { RelaySource } from "./session/relay-feed.ts";
export type { Session, SessionEvents } from "./session/session.ts";
export type { SessionFailure, SessionPeer, SessionRelay, SessionRole, SessionStats } from "./session/session-stats.ts";
export { type OriginOptions, type OriginSource, origin } from "./sources.ts";
export {
  type WebTransportOptions,
  type WebTransportSource,
  webtransport,
} from "./webtransport/web-transport-source.ts";
