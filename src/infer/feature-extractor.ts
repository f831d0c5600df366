import type { Segment } from '../bus/segment.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { ProviderReport } from './runner/provider-chain.ts';

/** Features of segments that do not come from the bus: recordings, data sets. */
export interface FeatureExtractor {
  /**
   * Features of one segment, joined from all packs of a plan; several calls may be under way, and are batched. Throws VDT_SEGMENT_INVALID
   * where the segment is not what the packs take, VDT_RUNNER_FAILED or VDT_RUNNER_DEADLINE after one more try on a fresh runner.
   * @param packIds `PackPlan.ids`
   * @param resting learned packs among them that do not look at this segment
   */
  extract(packIds: readonly string[], segment: Segment, resting?: readonly string[]): Promise<SegmentFeatures>;
  close(): Promise<void>;
  readonly providers: readonly ProviderReport[];
}
