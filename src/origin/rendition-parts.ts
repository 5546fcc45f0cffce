import type { M3u8Ring } from "../cache/m3u8-cache.ts";
import type { SlotRing } from "../cache/slot-ring.ts";
import type { Clock } from "../model/clock.ts";
import type { StreamConfig } from "../model/options.ts";
import type { MediaExtension } from "../model/rendition-options.ts";
import type { M3u8Manifest } from "../playlist/m3u8-manifest.ts";
import type { Epochs } from "./epochs.ts";
import type { PartNotes } from "./part-notes.ts";

/** What a rendition is made of, for what takes its media in and for what answers. */
export interface RenditionParts {
  /** Of the rendition, for messages. */
  readonly name: string;
  readonly isText: boolean;
  /** There is an init segment of `mp4` alone. */
  readonly container: MediaExtension;
  readonly config: StreamConfig;
  readonly ring: SlotRing;
  readonly m3u8s: M3u8Ring;
  readonly manifest: M3u8Manifest;
  readonly epochs: Epochs;
  readonly clock: Clock;
  /** Undefined where nobody looks in. */
  readonly notes: PartNotes | undefined;
}
