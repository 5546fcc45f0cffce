/** What of LL-HLS an origin offers. */
export interface PlaylistFeatures {
  /** Parts, and all that stands on them; without, it is plain HLS. Default true. */
  readonly parts?: boolean;
  /** Default true. */
  readonly blockingReload?: boolean;
  /** Default true. */
  readonly deltaUpdates?: boolean;
  /** Default true. */
  readonly preloadHints?: boolean;
}

/** Which directives an origin with these features hears; the others are not for it. */
export function heardDirectives(url: URL, features: PlaylistFeatures, sequenceBy = 0): URL {
  const heard = new URL(url);
  const { searchParams } = heard;
  const { parts = true, blockingReload = true, deltaUpdates = true } = features;
  if (!parts || !blockingReload) for (const name of ["_HLS_msn", "_HLS_part"]) searchParams.delete(name);
  if (!parts || !deltaUpdates) searchParams.delete("_HLS_skip");
  const msn = Number(searchParams.get("_HLS_msn") ?? Number.NaN);
  if (sequenceBy !== 0 && Number.isSafeInteger(msn)) {
    // A number from before the jump is of a segment that is there: it asks for nothing that has to be waited for.
    if (msn - sequenceBy >= 0) searchParams.set("_HLS_msn", `${msn - sequenceBy}`);
    else for (const name of ["_HLS_msn", "_HLS_part", "_HLS_skip"]) searchParams.delete(name);
  }
  return heard;
}

/** Leaves out of a Media Playlist what the origin does not offer. */
export function withFeatures(text: string, features: PlaylistFeatures): string {
  const { parts = true, blockingReload = true, deltaUpdates = true, preloadHints = true } = features;
  if (parts && blockingReload && deltaUpdates && preloadHints) return text;
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (!parts && /^#EXT-X-(?:PART|PART-INF|PRELOAD-HINT|SERVER-CONTROL|RENDITION-REPORT):/.test(line)) continue;
    if (!preloadHints && line.startsWith("#EXT-X-PRELOAD-HINT:")) continue;
    if (!line.startsWith("#EXT-X-SERVER-CONTROL:")) {
      lines.push(line);
      continue;
    }
    const kept = line
      .slice("#EXT-X-SERVER-CONTROL:".length)
      .split(",")
      .filter((attribute) => blockingReload || !attribute.startsWith("CAN-BLOCK-RELOAD="))
      .filter((attribute) => deltaUpdates || !attribute.startsWith("CAN-SKIP-"));
    if (kept.length > 0) lines.push(`#EXT-X-SERVER-CONTROL:${kept.join(",")}`);
  }
  return parts ? lines.join("\n") : withoutOpenSegment(lines).join("\n");
}

/** Without its parts, a segment that still grows has nothing to be listed for. */
function withoutOpenSegment(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line !== "" && !line.startsWith("#"));
  return [...lines.slice(0, last + 1), ...lines.slice(last + 1).filter((line) => /^#EXT-X-ENDLIST|^$/.test(line))];
}

/** Moves media sequence numbers, those of other renditions too. */
export function withSequence(text: string, by: number): string {
  const moved = (number: string): string => `${Math.max(0, Number(number) + by)}`;
  return text
    .replace(/^(#EXT-X-MEDIA-SEQUENCE:)(\d+)/m, (_, tag: string, msn: string) => tag + moved(msn))
    .replace(/^(#EXT-X-RENDITION-REPORT:.*LAST-MSN=)(\d+)/gm, (_, tag: string, msn: string) => tag + moved(msn));
}

/** Makes segments and parts last `factor` times as long, as far as the playlist tells. */
export function withDurations(text: string, factor: number): string {
  const scaled = (seconds: string): string => `${Math.round(Number(seconds) * factor * 100_000) / 100_000}`;
  return text
    .replace(/^(#EXTINF:)([\d.]+)/gm, (_, tag: string, seconds: string) => tag + scaled(seconds))
    .replace(/^(#EXT-X-PART:.*?DURATION=)([\d.]+)/gm, (_, tag: string, seconds: string) => tag + scaled(seconds));
}
