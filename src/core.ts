/**
 * The portable relay, for Node, pages and workers: ring caches, playlists over them, and a fetch handler that answers from both.
 * @packageDocumentation
 */
export { ChunkCache, type ChunkCacheStats, type OpenRingOptions } from "./cache/chunk-cache.ts";
export { type CachedPlaylist, M3u8Cache, type M3u8Ring, type PlaylistInput } from "./cache/m3u8-cache.ts";
export type { Slot } from "./cache/slot.ts";
export {
  type PutOutcome,
  SlotRing,
  type SlotRingOptions,
  type SlotRingStats,
  type WaitForOptions,
} from "./cache/slot-ring.ts";
export { startGzip } from "./cache/start-gzip.ts";
export { startHash } from "./cache/start-hash.ts";
export { type WaiterStats, Waiters, type WaitersOptions, type WaitOptions, type WaitOutcome } from "./cache/waiters.ts";
export { type Clips, clips } from "./http/clip.ts";
export { createMatch, type HandlerOptions, type Match } from "./http/handler.ts";
export { type RequestNotes, RequestRecorder, type RequestRecorderContext } from "./http/request-recorder.ts";
export type { Bytes } from "./model/bytes.ts";
export { type Clock, systemClock } from "./model/clock.ts";
export type { AttributeValue, DateRangeOptions } from "./model/date-range.ts";
export { RelayError, type RelayErrorCode } from "./model/errors.ts";
export { isName, type Msn, type PartId, type PartIndex, type PartPosition } from "./model/ids.ts";
export type {
  InspectedRendition,
  InspectedSlots,
  InspectedStream,
  InspectedWait,
  RequestTrace,
  TracedKind,
  TracedRequest,
  TracedState,
} from "./model/inspection.ts";
export type { KeyMethod, MediaKey } from "./model/media-key.ts";
export {
  type CacheOptions,
  type PartForm,
  resolveStreamOptions,
  type StreamConfig,
  type StreamOptions,
  type StreamType,
} from "./model/options.ts";
export {
  PART_GAP,
  PART_INDEPENDENT,
  type PartRecord,
  type RenditionRecord,
  type SegmentOpening,
  type SegmentRecord,
} from "./model/record.ts";
export type {
  MediaExtension,
  RenditionConfig,
  RenditionContainer,
  RenditionKind,
  RenditionOptions,
  VideoRange,
} from "./model/rendition-options.ts";
export type {
  MediaSource,
  Persistence,
  RelayStats,
  RenditionStats,
  StreamState,
  StreamStats,
  StreamSummary,
} from "./model/stats.ts";
export {
  type KeptStats,
  MAX_DVR_WINDOW_MS,
  MIN_DVR_WINDOW_MS,
  type StorageStats,
  type StorageTrouble,
} from "./model/storage.ts";
export type { Archive, Recorder } from "./origin/archive.ts";
export { inspectStream } from "./origin/inspect-stream.ts";
export type { AddedPart, PartInput } from "./origin/intake.ts";
export { type PartNote, PartNotes } from "./origin/part-notes.ts";
export { type OpenStream, Playlists, type PlaylistsContext, VERSION } from "./origin/playlists.ts";
export { Recordings, type RestoredStream } from "./origin/recordings.ts";
export type { Rendition } from "./origin/rendition.ts";
export type { RenditionStart } from "./origin/rendition-start.ts";
export type { Stream } from "./origin/stream.ts";
export { M3u8Manifest } from "./playlist/m3u8-manifest.ts";
export type { ManifestOptions } from "./playlist/manifest-options.ts";
export type {
  ManifestStats,
  PartInfo,
  PartPlacement,
  RenditionReport,
  SegmentInfo,
} from "./playlist/manifest-types.ts";
export { type ManifestRecord, restoreManifest } from "./playlist/restore-manifest.ts";
export {
  type AnnotatedLine,
  type AnnotateOptions,
  annotatePlaylist,
  type LineFinding,
  type RuleText,
  ruleText,
} from "./validate/annotate-playlist.ts";
export type { Level } from "./validate/finding.ts";
