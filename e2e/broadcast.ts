import { mkdirSync, readFileSync } from "node:fs";
import type { BrowserContext, Page } from "@playwright/test";
import { ffmpeg } from "./support.ts";

/** 16 frames of AAC at 32 kHz and 8 pictures at 15.625 Hz last this long exactly: all renditions are cut at the same moments. */
const PART_MS = 512;
const PARTS_PER_SEGMENT = 4;
export const SEGMENT_MS = PARTS_PER_SEGMENT * PART_MS;
const PICTURE_RATE = 15.625;
const PICTURES_PER_SEGMENT = 32;
/** EXTINF may exceed it by less than half a second: a fifth part does not fit, so a gap of four is a segment of its own. */
const TARGET_DURATION_MS = 2_000;

/** What is on air, in segments from the start. */
export const GAP_AT = 11;
export const NEW_CLIP_AT = 19;
export const END_AT = 38;

/** Pictures of each clip: the second one has a size of its own, so that a viewer's video element tells which one plays. */
export const SIZES = {
  low: [
    { width: 320, height: 180 },
    { width: 384, height: 216 },
  ],
  high: [
    { width: 640, height: 360 },
    { width: 768, height: 432 },
  ],
} as const;

export type RenditionId = "low" | "high" | "sound";

/** Bytes of a file, from and to. */
type Span = readonly [number, number];

interface Clip {
  readonly rendition: RenditionId;
  /** 0 before the discontinuity, 1 after it. */
  readonly index: number;
  readonly file: string;
  readonly init: Span;
  readonly parts: readonly Span[];
}

/** Makes all that goes on air. Both clips start at time 0, so the second one is a timeline of its own. */
export function makeClips(folder: string): Clip[] {
  mkdirSync(folder, { recursive: true });
  const lengths = [NEW_CLIP_AT, END_AT - NEW_CLIP_AT];
  return lengths.flatMap((segments, index) => {
    const seconds = String((segments * SEGMENT_MS) / 1000);
    const clip = (rendition: RenditionId, args: readonly string[]): Clip => {
      const file = `${folder}/${rendition}-${index}.mp4`;
      const fragments = ["-frag_duration", String(PART_MS * 1000), "-use_editlist", "0"];
      ffmpeg([...args, "-t", seconds, "-movflags", "empty_moov+default_base_moof", ...fragments, file]);
      return { rendition, index, file, ...cut(readFileSync(file), segments * PARTS_PER_SEGMENT) };
    };
    const video = (rendition: "low" | "high", bitRate: string): Clip => {
      const { width, height } = SIZES[rendition][index] as { width: number; height: number };
      const picture = [
        "-f",
        "lavfi",
        "-i",
        `testsrc2=size=${width}x${height}:rate=${PICTURE_RATE}`,
        "-pix_fmt",
        "yuv420p",
      ];
      const gop = [
        "-g",
        String(PICTURES_PER_SEGMENT),
        "-keyint_min",
        String(PICTURES_PER_SEGMENT),
        "-sc_threshold",
        "0",
      ];
      const codec = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline"];
      return clip(rendition, [...picture, ...codec, "-level", "3.1", "-b:v", bitRate, "-bf", "0", ...gop]);
    };
    const tone = ["-f", "lavfi", "-i", `sine=frequency=${440 + 220 * index}:sample_rate=32000`];
    return [
      video("low", "200k"),
      video("high", "600k"),
      clip("sound", [...tone, "-c:a", "aac", "-b:a", "64k", "-ac", "2"]),
    ];
  });
}

/** ftyp and moov are the init segment, and each moof with its mdat is one part; the rest (mfra) is for files. */
function cut(bytes: Buffer, partCount: number): { init: Span; parts: Span[] } {
  let initEnd = 0;
  const parts: Span[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    if (type === "moov") initEnd = end;
    if (type === "moof") parts.push([at, end + bytes.readUInt32BE(end)]);
    at = end;
  }
  if (parts.length < partCount) throw new Error(`expected ${partCount} parts, ffmpeg made ${parts.length}`);
  // A last fragment may hold what an encoder flushed past its end.
  return { init: [0, initEnd], parts: parts.slice(0, partCount) };
}

export interface Broadcast {
  readonly page: Page;
  /** Wall clock at which it began, as all tabs of a machine have it. */
  readonly startedAtMs: number;
  /** Resolves when the stream has ended. @throws whatever went wrong on air */
  ended(): Promise<void>;
}

/** Puts the clips on air from a tab of their own, in real time. */
export async function broadcast(context: BrowserContext, name: string, clips: readonly Clip[]): Promise<Broadcast> {
  const page = await context.newPage();
  await page.goto("/");
  await page.waitForFunction(() => window.eddy !== undefined);
  for (const { file, rendition, index } of clips) {
    await page.route(`**/clip/${rendition}-${index}`, (route) =>
      route.fulfill({ path: file, contentType: "video/mp4" }),
    );
  }
  const plan = {
    name,
    clips: clips.map(({ rendition, index, init, parts }) => ({ rendition, index, init, parts })),
    partMs: PART_MS,
    targetDurationMs: TARGET_DURATION_MS,
    pictureRate: PICTURE_RATE,
    partsPerSegment: PARTS_PER_SEGMENT,
    gapAt: GAP_AT,
    newClipAt: NEW_CLIP_AT,
    endAt: END_AT,
  };
  const startedAtMs = await page.evaluate(onAir, plan);
  return {
    page,
    startedAtMs,
    ended: () => page.evaluate(() => window.onAir),
  };
}

declare global {
  interface Window {
    onAir?: Promise<void>;
  }
}

interface Plan {
  readonly name: string;
  readonly clips: readonly Omit<Clip, "file">[];
  readonly partMs: number;
  readonly targetDurationMs: number;
  readonly pictureRate: number;
  readonly partsPerSegment: number;
  readonly gapAt: number;
  readonly newClipAt: number;
  readonly endAt: number;
}

/** Runs in the page. Resolves once it is on air. */
async function onAir(plan: Plan): Promise<number> {
  const { relay } = window.eddy ?? {};
  if (relay === undefined) throw new Error("the page has no relay");
  const media = new Map<string, { init: Uint8Array<ArrayBuffer>; parts: Uint8Array<ArrayBuffer>[] }>();
  for (const { rendition, index, init, parts } of plan.clips) {
    const bytes = new Uint8Array(await (await fetch(`/clip/${rendition}-${index}`)).arrayBuffer());
    const copy = ([from, to]: Span) => bytes.slice(from, to);
    media.set(`${rendition}-${index}`, { init: copy(init), parts: parts.map(copy) });
  }
  const publisher = await relay.publish(plan.name, {
    renditions: [
      { id: "low", bandwidth: 300_000, frameRate: plan.pictureRate },
      { id: "high", bandwidth: 900_000, frameRate: plan.pictureRate },
      { id: "sound", kind: "audio", bandwidth: 70_000, name: "Tone", language: "en", default: true, channels: "2" },
    ],
    partTargetMs: plan.partMs,
    segmentMinMs: plan.targetDurationMs,
    targetDurationMs: plan.targetDurationMs,
  });
  const startedAtMs = Date.now();
  const send = async (id: string): Promise<void> => {
    for (let number = 0; number < plan.endAt * plan.partsPerSegment; number++) {
      const segment = Math.floor(number / plan.partsPerSegment);
      const index = segment < plan.newClipAt ? 0 : 1;
      const inClip = number - (index === 0 ? 0 : plan.newClipAt * plan.partsPerSegment);
      const clip = media.get(`${id}-${index}`);
      const bytes = clip?.parts[inClip];
      if (clip === undefined || bytes === undefined) throw new Error(`${id} has no part ${number}`);
      const programDateTimeMs = startedAtMs + number * plan.partMs;
      // A part is there once its last sample is.
      const dueMs = programDateTimeMs + plan.partMs - Date.now();
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
      if (inClip === 0) {
        if (index > 0) await publisher.discontinuity(id);
        await publisher.init(id, clip.init);
      }
      if (segment === plan.gapAt) await publisher.gap(id, { durationMs: plan.partMs });
      else await publisher.part(id, { bytes, durationMs: plan.partMs, programDateTimeMs });
    }
  };
  window.onAir = Promise.all(["low", "high", "sound"].map(send)).then(() => publisher.end());
  window.onAir.catch(() => undefined); // told to who asks
  return startedAtMs;
}
