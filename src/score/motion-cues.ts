import type { CueDefinition } from './cue-head.ts';
import type { ExcessOptions } from './excess-table.ts';

export interface MotionCue extends CueDefinition, ExcessOptions {
  readonly name: MotionCueName;
}

export type MotionCueName = 'speed' | 'rush' | 'motion' | 'activity' | 'agitation' | 'presence' | 'appearance';

/**
 * The views on a segment. Floors are in the quantity's unit: pixels a frame for speed and rush, brightness (0 to 1) for activity,
 * agitation and presence, standard deviations for motion and appearance. Speed carries the fusion because it told sped-up from normal
 * footage best; the others need e^2 to e^4 smaller probabilities to be heard as loudly.
 */
export const MOTION_CUES: readonly MotionCue[] = [
  { name: 'speed', weight: 0.7, floor: 0.15, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'rush', weight: 0.15, floor: 0.3, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'motion', weight: 0.05, floor: 0.2, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'activity', weight: 0.04, floor: 0.01, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'agitation', weight: 0.03, floor: 0.01, countEmpty: false, priorSamples: 20, evidence: 'extrapolated' },
  { name: 'presence', weight: 0.015, floor: 0.01, countEmpty: true, priorSamples: 30, evidence: 'counted' },
  { name: 'appearance', weight: 0.015, floor: 0.2, countEmpty: false, priorSamples: 20, evidence: 'counted' },
];
