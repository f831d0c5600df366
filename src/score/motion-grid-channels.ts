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
