import type { Observation } from './observation.ts';
import type { SegmentFeatures } from './segment-features.ts';

/** Boils a segment's features down to what the heads look at and what learning remembers. Pure. */
export function observationOf(features: SegmentFeatures): Observation {
  const { epoch, sequence, startMs, endMs, values, objects } = features;
  return {
    epoch,
    sequence,
    startMs,
    endMs,
    values,
    blobs: new Float32Array(0),
    objects: objects?.map((object) => ({ ...object, speed: 0, velocityX: 0, velocityY: 0 })) ?? null,
  };
}
