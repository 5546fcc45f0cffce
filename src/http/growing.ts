import type { Bytes } from "../model/bytes.ts";
import { RelayError } from "../model/errors.ts";
import type { GrowingSegment } from "../origin/answers.ts";
import { streamOf } from "./body.ts";
import { LAST_POSITION, type OpenRange } from "./byte-range.ts";
import { slice } from "./views.ts";

/** Waits for more than `fromBytes` of a segment; undefined when no more comes. Rejects with `deadline` when it has not come in time. */
export type Grow = (fromBytes: number, signal: AbortSignal) => Promise<GrowingSegment | undefined>;

export interface GrowingAnswer {
  readonly status: 200 | 206;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Bytes>;
}

/**
 * Answers from a segment that still grows: part by part, each once all of it is there (rule 63), until the segment closes, no part
 * comes within the deadline, or the range is met. Undefined when nothing is to come: the part that was hinted is elsewhere,
 * in the next segment, or nowhere. 6.2.6 wants a 404 for a hint that is given up (rule 40): a 206 cannot be empty, and to answer
 * with the next segment's bytes would put them at the wrong place of this one. Who asks after the segment has closed gets 416 with
 * its size, as of any resource that is whole.
 * @see draft-pantos-hls-rfc8216bis-22, sections 4.4.5.3 and 6.2.6; RFC 8673
 */
export async function answerGrowing(
  grow: Grow,
  range: OpenRange | undefined,
  signal: AbortSignal,
): Promise<GrowingAnswer | undefined> {
  const start = range?.start ?? 0;
  const first = await grow(start, signal);
  if (first === undefined) return undefined;
  if (range?.end !== undefined) return bounded(first, range.start, Math.min(range.end, first.sizeBytes));
  return {
    status: range === undefined ? 200 : 206,
    headers: range === undefined ? {} : { "content-range": `bytes ${start}-${LAST_POSITION}/*` },
    body: partByPart(first, { start, grow, signal }),
  };
}

/** What was asked for of what is there: the end is known, so its size is told. */
function bounded(segment: GrowingSegment, start: number, end: number): GrowingAnswer {
  const total = segment.closed ? String(segment.sizeBytes) : "*";
  const views = slice(segment.views, start, end);
  return {
    status: 206,
    headers: { "content-range": `bytes ${start}-${end - 1}/${total}`, "content-length": String(end - start) },
    body: streamOf(views),
  };
}

function partByPart(
  first: GrowingSegment,
  { start, grow, signal }: { start: number; grow: Grow; signal: AbortSignal },
): ReadableStream<Bytes> {
  const cancelled = new AbortController();
  const either = AbortSignal.any([signal, cancelled.signal]);
  let sentBytes = start;
  let segment: GrowingSegment | undefined = first;
  return new ReadableStream<Bytes>(
    {
      async pull(controller) {
        segment ??= await grow(sentBytes, either).catch(nothingIfLate);
        if (segment === undefined) return controller.close();
        for (const view of slice(segment.views, sentBytes, segment.sizeBytes)) controller.enqueue(view);
        sentBytes = segment.sizeBytes;
        if (segment.closed) return controller.close();
        segment = undefined;
      },
      cancel() {
        cancelled.abort();
      },
    },
    { highWaterMark: 0 },
  );
}

/** What was sent is right: who reads asks for what comes after it. */
function nothingIfLate(thrown: unknown): undefined {
  if (!(thrown instanceof RelayError && thrown.code === "deadline")) throw thrown;
}
