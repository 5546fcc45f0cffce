import type { PartSample, PartTrackSamples } from "../media/part-writer.ts";
import { AudioQueue } from "./audio-queue.ts";
import { DecodeTimes, type TimedPacket } from "./decode-times.ts";
import type { EncodedPacket, TrackKind } from "./source.ts";

export interface CutTrack {
  readonly kind: TrackKind;
  readonly trackId: number;
  readonly timescale: number;
  /** See TrackDescription. */
  readonly reorderDepth?: number;
}

/** A part, cut and not yet written. */
export interface CutPart {
  /** The track the part is cut on first, then the audio beside it. */
  readonly tracks: readonly PartTrackSamples[];
  /** Sum of the sample durations of the first track; never more than the part target. */
  readonly durationMs: number;
  readonly independent: boolean;
  /** Decode time of the first sample, on the source's timeline. */
  readonly timestampUs: number;
  /** How often {@link PartCutter.reconfigure} had been called when its first packet came. */
  readonly generation: number;
}

export interface PartCutterOptions {
  /** One of each kind at most. */
  readonly tracks: readonly CutTrack[];
  /** No part lasts longer. */
  readonly partTargetMs: number;
  /** Of sound alone: no part reaches over a multiple of this, so that its segments keep step with those of pictures. */
  readonly segmentMs?: number;
  readonly onPart: (part: CutPart) => void;
}

/** Rule 15: a part that is neither independent nor the last of its segment is at least 85 % of the part target. */
const MIN_FILL = 0.85;
/** A part whose audio is later than this goes without it. */
const MAX_AUDIO_LAG_US = 500_000;

interface HeldSample extends TimedPacket {
  readonly ticks: number;
  readonly generation: number;
}

interface OpenPart {
  readonly timestampUs: number;
  readonly baseTicks: number;
  readonly independent: boolean;
  readonly generation: number;
  readonly samples: PartSample[];
  durationTicks: number;
  /** Where the next part begins. */
  endUs: number;
}

/**
 * Cuts packets into parts, on time. The track that is cut is the video if there is one; a sample lasts until the next one, so the
 * timeline has neither gaps nor overlaps, at the price of one frame of look-ahead. Audio goes into the part it starts in.
 */
export class PartCutter {
  readonly #cut: CutTrack;
  readonly #limitTicks: number;
  readonly #leastTicks: number;
  readonly #segmentUs: number | undefined;
  readonly #onPart: (part: CutPart) => void;
  readonly #times: DecodeTimes;
  readonly #audio: AudioQueue | undefined;
  /** Cut, and waiting for their audio. */
  readonly #waiting: OpenPart[] = [];
  #held: HeldSample | undefined;
  #open: OpenPart | undefined;
  #generation = 0;
  #overlong = 0;

  constructor({ tracks, partTargetMs, segmentMs, onPart }: PartCutterOptions) {
    const video = tracks.find((track) => track.kind === "video");
    const audio = tracks.find((track) => track.kind === "audio");
    const cut = video ?? audio;
    if (cut === undefined) throw new TypeError("expected a video or an audio track");
    this.#cut = cut;
    this.#limitTicks = Math.floor((partTargetMs * cut.timescale) / 1000);
    this.#leastTicks = Math.min(this.#limitTicks, Math.ceil((partTargetMs * cut.timescale * MIN_FILL) / 1000));
    this.#segmentUs = segmentMs === undefined ? undefined : segmentMs * 1000;
    this.#onPart = onPart;
    this.#times = new DecodeTimes(cut.reorderDepth ?? 0);
    this.#audio = video !== undefined && audio !== undefined ? new AudioQueue(audio) : undefined;
  }

  /** Samples that lasted longer than a part may: each was shortened, and leaves a hole after it. */
  get overlong(): number {
    return this.#overlong;
  }

  /** Audio packets that found no place. */
  get droppedAudio(): number {
    return this.#audio?.dropped ?? 0;
  }

  /** Of the earliest that is not given yet: what was before it is. */
  get generation(): number {
    return (this.#waiting[0] ?? this.#open ?? this.#held)?.generation ?? 0;
  }

  push(packet: EncodedPacket): void {
    if (packet.kind === this.#cut.kind) for (const timed of this.#times.push(packet)) this.#next(timed);
    else this.#audio?.push(packet);
    this.#emit(false);
  }

  /** What follows, from its first key frame on, belongs to another init segment. */
  reconfigure(): void {
    this.#generation++;
  }

  /** Gives what is left as a last part, with the audio that has come. */
  flush(): void {
    for (const timed of this.#times.flush()) this.#next(timed);
    const last = this.#held;
    if (last !== undefined) {
      const endUs = last.decodeUs + last.packet.durationUs;
      this.#append(last, { endUs, endTicks: Math.max(this.#ticks(endUs), last.ticks + 1) });
    }
    this.#held = undefined;
    this.#close();
    this.#emit(true);
  }

  #ticks(us: number): number {
    return Math.round((us * this.#cut.timescale) / 1e6);
  }

  #us(ticks: number): number {
    return Math.round((ticks * 1e6) / this.#cut.timescale);
  }

  /** A sample whose decode time is known ends the one before it. */
  #next(timed: TimedPacket): void {
    const last = this.#held;
    let ticks = this.#ticks(timed.decodeUs);
    if (last === undefined) {
      // A stream begins with a key frame at or after zero, and its audio not before that.
      if (!timed.packet.key || timed.decodeUs < 0) return;
      this.#audio?.dropBefore(timed.decodeUs);
    } else {
      // Every sample lasts at least a tick, and none begins inside another.
      ticks = Math.max(ticks, last.ticks + 1);
      this.#append(last, { endUs: timed.decodeUs, endTicks: ticks });
      // Segments roll at key frames, so a part never reaches over one. Every audio packet is one.
      if (this.#cut.kind === "video" ? timed.packet.key : this.#opensSegment(last.decodeUs, timed.decodeUs))
        this.#close();
    }
    this.#held = { ...timed, ticks, generation: this.#generation };
  }

  #opensSegment(beforeUs: number, nowUs: number): boolean {
    const segmentUs = this.#segmentUs;
    return segmentUs !== undefined && Math.floor(nowUs / segmentUs) !== Math.floor(beforeUs / segmentUs);
  }

  #append(sample: HeldSample, { endUs, endTicks }: { readonly endUs: number; readonly endTicks: number }): void {
    const last = this.#open;
    const fits = last === undefined || last.durationTicks + endTicks - sample.ticks <= this.#limitTicks;
    const delayTicks = last === undefined || fits ? 0 : this.#fill(last);
    if (!fits) this.#close();
    const startTicks = sample.ticks + delayTicks;
    const lastingTicks = endTicks - startTicks;
    // Rule 14 has no exception for a source that stood still: the sample is shortened, and the next part starts where it is due.
    const durationTicks = Math.min(lastingTicks, this.#limitTicks);
    if (durationTicks < lastingTicks) this.#overlong++;
    this.#open ??= {
      timestampUs: sample.decodeUs + this.#us(delayTicks),
      baseTicks: startTicks,
      independent: sample.packet.key,
      generation: sample.generation,
      samples: [],
      durationTicks: 0,
      endUs,
    };
    const open = this.#open;
    open.samples.push({
      bytes: sample.packet.bytes,
      durationTicks,
      sync: sample.packet.key,
      compositionOffsetTicks: this.#ticks(sample.packet.timestampUs) - startTicks,
    });
    open.durationTicks += durationTicks;
    open.endUs = endUs;
    const full = open.durationTicks + durationTicks > this.#limitTicks && open.durationTicks >= this.#leastTicks;
    // Another frame like this one would not fit: no need to wait for it. After a hole only a new run can place the next one.
    if (full || durationTicks < lastingTicks) this.#close();
  }

  /**
   * Rule 15: where the next sample lasts so long that it does not fit, as when an encoder left out some pictures, the last one of the part
   * lasts up to the least that a part may, and the next one is decoded that much later: its composition offset shows it at its own time.
   * An independent part may be short, as may one of sound, whose samples have no such offset.
   * @returns by how much later
   */
  #fill(part: OpenPart): number {
    const missingTicks = this.#leastTicks - part.durationTicks;
    const last = part.samples.at(-1);
    if (part.independent || missingTicks <= 0 || last === undefined) return 0;
    part.samples[part.samples.length - 1] = { ...last, durationTicks: last.durationTicks + missingTicks };
    part.durationTicks += missingTicks;
    part.endUs += this.#us(missingTicks);
    return missingTicks;
  }

  #close(): void {
    if (this.#open !== undefined) this.#waiting.push(this.#open);
    this.#open = undefined;
  }

  #emit(all: boolean): void {
    const nowUs = this.#held?.decodeUs ?? Number.NEGATIVE_INFINITY;
    for (let part = this.#waiting[0]; part !== undefined; part = this.#waiting[0]) {
      const complete = this.#audio === undefined || this.#audio.endUs >= part.endUs;
      if (!complete && !all && nowUs - part.endUs <= MAX_AUDIO_LAG_US) return;
      this.#waiting.shift();
      const audio = this.#audio?.takeBefore(part.endUs);
      const cut: PartTrackSamples = { trackId: this.#cut.trackId, baseTicks: part.baseTicks, samples: part.samples };
      this.#onPart({
        tracks: audio === undefined ? [cut] : [cut, audio],
        durationMs: (part.durationTicks / this.#cut.timescale) * 1000,
        independent: part.independent,
        timestampUs: part.timestampUs,
        generation: part.generation,
      });
    }
  }
}
