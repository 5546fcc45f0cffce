/** What a page handed to its worker, and what is kept of it. */
export interface KeptParts {
  readonly sent: number;
  /** Handed over again, because a worker had gone. */
  readonly resent: number;
  /** In the DVR window, byte for byte, each once and in order. */
  readonly kept: number;
  /** What stands there that was not sent so, in words. */
  readonly faults: readonly string[];
}

declare global {
  interface Window {
    sentParts?: { readonly parts: Map<number, Uint8Array>; resent: number };
  }
}

/** Runs in the publishing page, before it goes live: notes each part that it hands to the worker. */
export function noteSentParts(): void {
  const sent = { parts: new Map<number, Uint8Array>(), resent: 0 };
  window.sentParts = sent;
  const post = ServiceWorker.prototype.postMessage as (this: ServiceWorker, ...args: unknown[]) => void;
  ServiceWorker.prototype.postMessage = function (this: ServiceWorker, ...args: unknown[]): void {
    const { ask } = (args[0] ?? {}) as { readonly ask?: Readonly<Record<string, unknown>> };
    const step = ask?.step as { readonly kind: string; readonly bytes: Uint8Array } | undefined;
    if (ask?.type === "step" && step?.kind === "part") {
      const number = Number(ask.number);
      if (sent.parts.has(number)) sent.resent += 1;
      // Before it is transferred away.
      else sent.parts.set(number, step.bytes.slice());
    }
    post.apply(this, args);
  };
}

/** Runs in the same page: holds the whole DVR window of a stream of one rendition against what was sent. */
export async function compareSentParts(stream: string): Promise<KeptParts> {
  const { parts, resent } = window.sentParts ?? { parts: new Map<number, Uint8Array>(), resent: 0 };
  const sent = [...parts].sort(([left], [right]) => left - right).map(([, bytes]) => bytes);
  const faults: string[] = [];
  const base = new URL(`/live/${stream}/main/dvr.m3u8`, location.href);
  const playlist = await (await fetch(base)).text();
  for (const tag of ["#EXT-X-DISCONTINUITY\n", "#EXT-X-GAP"]) if (playlist.includes(tag)) faults.push(tag.trim());
  let kept = 0;
  for (const line of playlist.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const segment = new Uint8Array(await (await fetch(new URL(line, base))).arrayBuffer());
    for (let at = 0; at < segment.length; ) {
      const bytes = sent[kept];
      if (bytes === undefined || bytes.some((byte, index) => segment[at + index] !== byte)) {
        faults.push(`${line}: at byte ${at} stands something else than part ${kept} of ${sent.length}`);
        break;
      }
      at += bytes.length;
      kept += 1;
    }
  }
  return { sent: sent.length, resent, kept, faults };
}
