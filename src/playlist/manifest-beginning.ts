import type { PartPosition } from "../model/ids.ts";
import { CLEAR } from "./key-tags.ts";
import type { ManifestState } from "./list-renderer.ts";
import type { ManifestConfig } from "./manifest-options.ts";
import { ProducerFaults } from "./producer-faults.ts";
import { SegmentLog } from "./segment-log.ts";
import { WindowDateRanges } from "./window-date-ranges.ts";

/** What a manifest begins with: nothing, or what records tell (`restoreManifest`). */
export interface ManifestBeginning {
  readonly log: SegmentLog;
  readonly state: ManifestState;
  readonly dateRanges: WindowDateRanges;
  readonly faults: ProducerFaults;
  readonly discontinuitySequence: number;
  readonly position?: PartPosition;
  readonly segmentStartMs: number;
  readonly wallOffsetMs?: number;
}

export function beginEmpty(config: ManifestConfig): ManifestBeginning {
  const { epoch, firstPartId: nextPartId, discontinuitySequence } = config;
  const log = new SegmentLog(config);
  return {
    log,
    state: {
      epoch,
      init: { epoch, index: 0 },
      keys: CLEAR,
      pendingInit: undefined,
      pendingKeys: undefined,
      discontinuityNext: false,
      nextPartId,
      ended: false,
    },
    dateRanges: new WindowDateRanges(log),
    faults: new ProducerFaults(config.partTarget),
    discontinuitySequence,
    segmentStartMs: 0,
  };
}
