/**
 * What a page needs: opens the relay, publishes to it, joins streams from elsewhere, and tells how all of that does.
 * @packageDocumentation
 */
export type { Bytes } from "../model/bytes.ts";
export type { AttributeValue, DateRangeOptions } from "../model/date-range.ts";
export { RelayError, type RelayErrorCode } from "../model/errors.ts";
export { type Fault, MAX_FAULT_MS } from "../model/fault.ts";
export type { Msn, PartId, PartIndex, PartPosition } from "../model/ids.ts";
export {
  type InspectedRendition,
  type InspectedSlots,
  type InspectedStream,
  type InspectedWait,
  type RequestTrace,
  type RestartReport,
  SLOT_GAP,
  SLOT_IN_DVR,
  SLOT_IN_RING,
  SLOT_INDEPENDENT,
  SLOT_LISTED,
  SLOT_SOURCES,
  SLOT_STORED,
  type TracedKind,
  type TracedRequest,
  type TracedState,
} from "../model/inspection.ts";
export type { KeyMethod, MediaKey } from "../model/media-key.ts";
export type { PartForm, StreamConfig, StreamOptions, StreamType } from "../model/options.ts";
export type {
  RenditionConfig,
  RenditionContainer,
  RenditionKind,
  RenditionOptions,
  VideoRange,
} from "../model/rendition-options.ts";
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
  type StorageTrouble,
} from "../model/storage.ts";
export type { PeerId } from "../wire/peer-frame.ts";
export {
  type Capture,
  type CapturedPart,
  type CapturedRendition,
  type CaptureEvents,
  type CaptureNotice,
  type CaptureOptions,
  type CaptureRenditionOptions,
  type CaptureSink,
  type CaptureSource,
  type CaptureStats,
  type CutMedia,
  type EncodedStats,
  type PauseOptions,
  type PlayingFile,
  type SoundLevel,
  startCapture,
} from "./capture.ts";
export type { Diagnostics, InspectOptions } from "./diagnostics.ts";
export type { JoinOptions } from "./join-options.ts";
export {
  type EncodingAsk,
  type EncodingMeasure,
  type MeasureEncodingOptions,
  measureEncoding,
} from "./measure-encoding.ts";
export { type MoqOptions, type MoqRelay, type MoqSource, moq } from "./moq/moq-source.ts";
export { type MoqProbe, probeMoq } from "./moq/probe-moq.ts";
export { type OpenRelayOptions, openRelay, type PublishCall, type Relay } from "./open-relay.ts";
export type { PeerFailureReason } from "./peers/peer-failures.ts";
export type { PeersConfig, PeersMode, PeersOptions, Signalling, UploadOptions } from "./peers/peer-options.ts";
export type { PeerRoute } from "./peers/peer-route.ts";
export { type Peers, peers } from "./peers/peers.ts";
export type { UploadBar } from "./peers/upload-bar.ts";
export { setUploadConsent, type UploadRecord, uploadRecord } from "./peers/upload-record.ts";
export { type LivePublication, type PublishCaptureOptions, publishCapture } from "./publish-capture.ts";
export type { PublishedPart, Publisher, Seeding } from "./publisher.ts";
export { requestMedia } from "./request-media.ts";
export type { RelaySource } from "./session/relay-feed.ts";
export type { Session, SessionEvents } from "./session/session.ts";
export type {
  SessionFailure,
  SessionPeer,
  SessionRelay,
  SessionRole,
  SessionStats,
  UploadStanding,
} from "./session/session-stats.ts";
export { type OriginOptions, type OriginSource, origin } from "./sources.ts";
export {
  type WebTransportOptions,
  type WebTransportSource,
  webtransport,
} from "./webtransport/web-transport-source.ts";
