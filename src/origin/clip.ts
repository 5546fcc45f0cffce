import { type Clip, openClip } from "../media/clip-writer.ts";
import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { SegmentInfo } from "../playlist/manifest-types.ts";
import { type ClipRange, type ClipSource, selectRun, trimRun } from "./clip-source.ts";
import type { Rendition } from "./rendition.ts";
import type { Stream } from "./stream.ts";

/** What a clip is wanted of. */
export interface ClipAsk extends ClipRange {
  /** A variant, or an audio rendition. Default: the first variant. */
  readonly rendition?: string;
}

/** A clip of a stream, ready to be read once. */
export interface StreamClip extends Clip {
  /** PROGRAM-DATE-TIME of its start. */
  readonly startWallMs: number;
  /** It begins later than was asked: what is before has other tracks, or is gone. */
  readonly isCut: boolean;
}

/**
 * Part of a stream's window as one fragmented MP4, segment aligned. A variant without sound is joined by the audio rendition that plays
 * unless the viewer chooses; subtitles are left out. `signal` stops reading.
 * @throws RelayError `rendition-not-found`; `media-not-found` where nothing is in the range; `unsupported-media` where it is
 * encrypted whole
 */
export async function clipStream(stream: Stream, ask: ClipAsk, signal: AbortSignal): Promise<StreamClip> {
  const lead = leadOf(stream, ask.rendition);
  const { segments, isCut } = await selectRun(sourceOf(lead, { withOpen: false }), ask, signal);
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) {
    throw new RelayError("media-not-found", `"${stream.name}/${lead.options.id}" has no closed segment in that range`);
  }
  const lanes = [segments];
  const hasSound = first.init.segment.tracks.some(({ kind }) => kind === "audio");
  const sound = hasSound ? undefined : soundOf(stream);
  if (sound !== undefined && lead.options.kind === "variant") {
    const span = { fromMs: first.wallMs, toMs: last.wallMs + last.durationMs };
    const run = await selectRun(sourceOf(sound, { withOpen: true }), span, signal);
    lanes.push(await trimRun(run.segments, span, signal));
  }
  const clip = await openClip(lanes, signal);
  return { ...clip, startWallMs: first.wallMs, isCut };
}

function leadOf(stream: Stream, id: string | undefined): Rendition {
  if (id !== undefined) {
    const rendition = stream.rendition(id);
    if (rendition.container === "mp4") return rendition;
    throw new RelayError(
      "rendition-not-found",
      `"${id}" of "${stream.name}": expected pictures or sound in MP4, got ${rendition.contentType}`,
    );
  }
  for (const rendition of stream.renditions.values()) {
    if (rendition.options.kind === "variant" && rendition.container === "mp4") return rendition;
  }
  throw new RelayError("rendition-not-found", `"${stream.name}": expected a variant in MP4, there is none`);
}

function soundOf(stream: Stream): Rendition | undefined {
  const audio = [...stream.renditions.values()].filter(
    ({ options, container }) => options.kind === "audio" && container === "mp4",
  );
  return audio.find(({ options }) => options.default === true) ?? audio[0];
}

/** A segment that grows is taken as it is now, where it is wanted: sound may have closed fewer than the pictures it goes with. */
function sourceOf(rendition: Rendition, { withOpen }: { withOpen: boolean }): ClipSource {
  const listed = rendition.listedSegments.filter(({ closed }) => closed || withOpen);
  const open = listed.find(({ closed }) => !closed);
  return {
    segments: listed,
    init: (epoch, index) => rendition.init(epoch, index),
    segment: (epoch, msn) => (msn === open?.msn ? partsOf(rendition, open) : rendition.segment(epoch, msn)),
  };
}

async function partsOf(
  rendition: Rendition,
  { epoch, firstPartId, partCount }: SegmentInfo,
): Promise<readonly Bytes[]> {
  const ids = Array.from({ length: partCount }, (_, index) => firstPartId + index);
  const parts = await Promise.all(ids.map((id) => rendition.part(epoch, id)));
  return parts.filter((part) => part !== undefined);
}
