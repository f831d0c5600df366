/**
 * The last axis of the `motion-grid` pack's output, in order; the graph is built from this list and its manifest
 * repeats it. Speeds are pixels of the 240x160 picture per frame at 10 frames a second; brightness is 0 to 1.
 */
export const MOTION_GRID_CHANNELS = [
  'speedMean',
  'speedCoarseMean',
  'speedVeryCoarseMean',
  'velocityX',
  'velocityY',
  'temporalEnergyMean',
  'temporalEnergyMax',
  'secondDifferenceMax',
  'residualMax',
  'gradientHorizontal',
  'gradientVertical',
  'gradientRising',
  'gradientFalling',
  'gradientMax',
  'intensityMean',
  'intensityDeviation',
] as const;

export type MotionGridChannel = (typeof MOTION_GRID_CHANNELS)[number];

/** Position of a channel on the output's last axis. */
export function channelIndex(channel: MotionGridChannel): number {
  return MOTION_GRID_CHANNELS.indexOf(channel);
}

/**
 * The last axis of the pack's second output, in order: one entry per 4x4 pixels of the 240x160 picture. Velocity in pixels a frame at 10
 * frames a second; the rest root mean squares of brightness (0 to 1) over the segment's four frame pairs: `energy` of the change from frame
 * to frame gathered over 12 pixels, `change` the same over the 4 pixels alone (sharp outlines), `secondDifference` of the change of
 * change (limbs), `residual` of what the velocity does not explain. Last how the place looks: `brightness` of the 4 pixels in the last frame, and
 * `edges`, the root mean square of its slope over the segment, brightness a pixel of the half-size picture.
 */
export const MOTION_LATTICE_CHANNELS = [
  'velocityX',
  'velocityY',
  'energy',
  'change',
  'secondDifference',
  'residual',
  'brightness',
  'edges',
] as const;

export type MotionLatticeChannel = (typeof MOTION_LATTICE_CHANNELS)[number];

/** Position of a channel on the lattice's last axis. */
export function latticeChannelIndex(channel: MotionLatticeChannel): number {
  return MOTION_LATTICE_CHANNELS.indexOf(channel);
}
