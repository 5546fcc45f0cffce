import type { StreamSummary } from "eddy-hls";
import { html, type TemplateResult } from "lit-html";
import { clockTime, dayAndTime, fileSize } from "../kit/format.ts";
import { words } from "../words/words.ts";

/** What a person calls a stream. */
export function titleOf({ name, kept }: StreamSummary): string {
  return kept?.title ?? name;
}

/** The state of a stream, in words and in colour. */
export function stateBadge(state: StreamSummary["state"]): TemplateResult {
  return html`<span class="badge ${state === "live" ? "badge-live" : ""}">${words.library.states[state]}</span>`;
}

export function lengthOf({ windowMs, kept }: StreamSummary): number {
  return kept?.windowMs ?? windowMs;
}

export function sizeOf({ sizeBytes, kept }: StreamSummary): number {
  return kept?.sizeBytes ?? sizeBytes;
}

/** `3:12 long · 24.1 MB · from 23 Nov, 14:03`. */
export function factsOf(stream: StreamSummary): string {
  const { name, kept } = stream;
  const { long, inMemory, from, named } = words.library;
  const facts = [long(clockTime(lengthOf(stream))), fileSize(sizeOf(stream))];
  facts.push(kept === undefined ? inMemory : from(dayAndTime(kept.createdAtMs)));
  if (kept?.title !== undefined) facts.push(named(name));
  return facts.join(" · ");
}

/** Streams that there is something of to see. */
export function withMedia(streams: readonly StreamSummary[]): readonly StreamSummary[] {
  return streams.filter(({ kept, windowMs }) => kept !== undefined || windowMs > 0);
}

const RANK = { live: 0, waiting: 1, ended: 2 } as const;

/** Live ones first, then the newest. */
export function byNewest(a: StreamSummary, b: StreamSummary): number {
  return RANK[a.state] - RANK[b.state] || startOf(b) - startOf(a) || a.name.localeCompare(b.name);
}

function startOf({ kept }: StreamSummary): number {
  return kept?.createdAtMs ?? Number.MAX_VALUE;
}
