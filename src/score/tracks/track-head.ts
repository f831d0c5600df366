import { cellAt } from '../cell-at.ts';
import type { CueHead, GridShape, HistorySample, Reading } from '../cue-head.ts';
import type { Observation } from '../observation.ts';
import { PART_FIELDS, PICTURE_HEIGHT, PICTURE_WIDTH, partIndex } from './moving-parts.ts';
import {
  collectPartReferences,
  type Judgement,
  judgePart,
  type PartReferences,
  WHOLE_HISTORY,
} from './part-references.ts';
import { judged, TRACK_CUES } from './track-cues.ts';

export interface TrackModel {
  readonly shape: GridShape;
  readonly references: PartReferences;
}

/** The last segment's parts, and what has been gathered along the best path to each; a few kB. */
export interface TrackState {
  readonly epoch: number | null;
  readonly sequence: number;
  readonly parts: Float32Array;
  /** Parts x TRACK_CUES. */
  readonly gathered: Float64Array;
}

const NOWHERE: TrackState = { epoch: null, sequence: 0, parts: new Float32Array(0), gathered: new Float64Array(0) };
const CUES = TRACK_CUES.length;
const FIELDS = PART_FIELDS.length;
const X = partIndex('x');
const Y = partIndex('y');
const VELOCITY_X = partIndex('velocityX');
const VELOCITY_Y = partIndex('velocityY');
/** A part may be the one of the segment before where it stands so near to where that one was heading: pixels, and a share of the way. */
const NEAR_PIXELS = 14;
const NEAR_SHARE = 0.6;
const FRAMES = 5;

/**
 * Who goes how, followed for seconds: each moving part is compared with what moved about the same place and was about as large (so that
 * cars do not excuse runners), and what it says is gathered along the best path that leads to it (track before detect: no part need be
 * found, or told from its neighbours, in every segment). Means over seconds have far thinner tails than single looks.
 */
export const trackHead: CueHead<TrackModel, TrackState> = {
  name: 'tracks',
  cues: TRACK_CUES,

  learn(history, shape, seed) {
    const model: TrackModel = { shape, references: collectPartReferences(history, seed) };
    let state = NOWHERE;
    const readings = history.map((sample: HistorySample) => {
      const step = stepTracks(model, state, sample, sample.fold);
      state = step.state;
      return step.readings;
    });
    return { model, readings };
  },

  start: () => NOWHERE,

  read: (model, state, observation) => stepTracks(model, state, observation, WHOLE_HISTORY),

  describe(_model, cue, { value }) {
    switch (cue) {
      case 'track-speed':
        return `something moves ${times(value)}faster than what is usual for its place and size`;
      case 'track-agitation':
        return `movement ${times(value)}more abrupt than what is usual for its place and size`;
      case 'track-course':
        return 'something moves with a speed and in a direction that are unusual for its place and size';
      default:
        return 'something moves where hardly anything of its size ever does';
    }
  },
};

const times = (ratio: number): string => (ratio >= 1.05 ? `${ratio.toFixed(1)} times ` : '');

function stepTracks(
  { shape, references }: TrackModel,
  earlier: TrackState,
  { epoch, sequence, parts }: Observation,
  fold: number,
): { readonly readings: readonly Reading[]; readonly state: TrackState } {
  if (parts === undefined || references.folds.length === 0) {
    return { readings: TRACK_CUES.map(() => ({ raw: 0, cell: 0, value: 0, silent: true })), state: NOWHERE };
  }
  const last = earlier.epoch === epoch && earlier.sequence + 1 === sequence ? earlier : NOWHERE;
  const count = parts.length / FIELDS;
  const gathered = new Float64Array(count * CUES);
  const readings: Reading[] = TRACK_CUES.map(() => ({ raw: 0, cell: 0, value: 0 }));
  for (let part = 0; part < count; part++) {
    const offset = part * FIELDS;
    const judgement = judgePart(references, parts, offset, fold);
    const carried = carriedTo(parts, offset, last);
    TRACK_CUES.forEach((cue, index) => {
      const newest = judged(cue, judgement);
      const before = carried[index] as number;
      const share = newest < before ? cue.fallingShare : cue.newestShare;
      const sum = before + share * (newest - before);
      gathered[part * CUES + index] = Math.max(0, sum);
      if (sum <= (readings[index]?.raw ?? 0)) return;
      const x = (parts[offset + X] as number) / PICTURE_WIDTH;
      const y = (parts[offset + Y] as number) / PICTURE_HEIGHT;
      readings[index] = { raw: sum, cell: cellAt(x, y, shape), value: quantityOf(cue.name, judgement) };
    });
  }
  return { readings, state: { epoch, sequence, parts, gathered } };
}

/** Of each cue the most that was gathered by a part of the segment before that may have come here. */
function carriedTo(parts: Float32Array, offset: number, { parts: earlier, gathered }: TrackState): Float64Array {
  const carried = new Float64Array(CUES);
  const velocityX = parts[offset + VELOCITY_X] as number;
  const velocityY = parts[offset + VELOCITY_Y] as number;
  const speed = Math.sqrt(velocityX * velocityX + velocityY * velocityY);
  for (let other = 0; other * FIELDS < earlier.length; other++) {
    const from = other * FIELDS;
    const otherX = earlier[from + VELOCITY_X] as number;
    const otherY = earlier[from + VELOCITY_Y] as number;
    const dx = (parts[offset + X] as number) - (earlier[from + X] as number) - (FRAMES * (velocityX + otherX)) / 2;
    const dy = (parts[offset + Y] as number) - (earlier[from + Y] as number) - (FRAMES * (velocityY + otherY)) / 2;
    const way = FRAMES * Math.max(speed, Math.sqrt(otherX * otherX + otherY * otherY));
    if (Math.sqrt(dx * dx + dy * dy) > NEAR_PIXELS + NEAR_SHARE * way) continue;
    for (let cue = 0; cue < CUES; cue++) {
      carried[cue] = Math.max(carried[cue] as number, gathered[other * CUES + cue] as number);
    }
  }
  return carried;
}

function quantityOf(cue: string, judgement: Judgement): number {
  if (cue === 'track-speed') return judgement.speedRatio;
  if (cue === 'track-agitation') return judgement.agitationRatio;
  return cue === 'track-course' ? judgement.course : judgement.place;
}
