import { problem } from '../platform/errors.ts';
import type { GridShape } from './cue-head.ts';
import { MOTION_GRID_CHANNELS } from './motion-grid-channels.ts';
import type { SegmentFeatures } from './segment-features.ts';

/**
 * The grid of a segment's features, which is the one that the camera has learned.
 *
 * @param known null before the first segment
 * @throws VDT_FEATURES_MISMATCH
 */
export function checkFeatures(
  { rows, columns, channels, values }: SegmentFeatures,
  known: GridShape | null,
): GridShape {
  const refuse = (field: string, reason: string) => problem('VDT_FEATURES_MISMATCH', { field, reason });
  if (channels !== MOTION_GRID_CHANNELS.length) {
    throw refuse('channels', `is ${channels} instead of ${MOTION_GRID_CHANNELS.length}`);
  }
  if (values.length !== rows * columns * channels) throw refuse('values', `has ${values.length} numbers`);
  if (known === null) return { rows, columns, channels };
  if (known.rows !== rows || known.columns !== columns) {
    throw refuse('rows x columns', `is ${rows}x${columns}, the camera has learned ${known.rows}x${known.columns}`);
  }
  return known;
}
