import { openRelay } from "eddy-hls";
import { type SyntheticMediaOptions, synthesize } from "../../src/testing/media/synthetic-media.ts";

/** Publishes synthetic media in real time, for as long as the page lives. Resolves once it is on air. */
async function publishSynthetic(name: string, options: SyntheticMediaOptions, partTargetMs: number): Promise<void> {
  const relay = await openRelay();
  const media = await synthesize(options);
  const { renditions } = media;
  const publisher = await relay.publish(name, {
    renditions,
    partTargetMs: media.declaredPartTargetMs(partTargetMs),
    targetDurationMs: 3000,
  });
  const startedAtMs = Date.now();
  for (const { id, kind } of renditions) if (kind !== "subtitles") await publisher.init(id, media.init(id));
  const send = async (id: string): Promise<void> => {
    for (let n = 0; publisher.closed === undefined; n++) {
      const { startMs, ...part } = media.part(id, n, partTargetMs);
      const programDateTimeMs = startedAtMs + startMs;
      // A part is there once its last sample is.
      const dueMs = programDateTimeMs + part.durationMs - Date.now();
      if (dueMs > 0) await new Promise((resolve) => setTimeout(resolve, dueMs));
      await publisher.part(id, { ...part, programDateTimeMs });
    }
  };
  for (const { id } of renditions) void send(id);
}

declare global {
  interface Window {
    publishSynthetic: typeof publishSynthetic;
  }
}
window.publishSynthetic = publishSynthetic;
