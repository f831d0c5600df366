import { cellAt } from '../cell-at.ts';
import type { CueHead, GridShape, HistorySample, Reading } from '../cue-head.ts';
import type { Observation } from '../observation.ts';
import { calibrateTail, SILENT_TAIL, surpriseOf, type Tail } from '../tail.ts';
import { PART_FIELDS, PICTURE_HEIGHT, PICTURE_WIDTH, partIndex } from './moving-parts.ts';
import {
  collectPartReferences,
  type Judgement,
  judgePart,
  type PartReferences,
  WHOLE_HISTORY,
} from './part-references.ts';
import { judged, TRACK_CUE, TRACK_CUES, TRACK_PART_CEILING, TRACK_PART_ORDINARY } from './track-cues.ts';

export interface TrackModel {
  readonly shape: GridShape;
  readonly references: PartReferences;
  /** Of what is followed, in the order of TRACK_CUES. */
  readonly partTails: readonly Tail[];
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
  // another name whenever what is learned changes: cameras then learn anew from what they remember
  name: 'tracks-2',
  cues: [...TRACK_CUES, TRACK_CUE],

  learn(history, shape, seed) {
    const references = collectPartReferences(history, seed);
    let state = NOWHERE;
    const steps = history.map((sample: HistorySample) => {
      const step = followParts(shape, references, state, sample, sample.fold);
      state = step.state;
      return step;
    });
    const partTails = TRACK_CUES.map((cue, index) => {
      const raws = steps.flatMap(({ readings }) => (readings[index]?.silent ? [] : (readings[index]?.raw ?? 0)));
      return raws.length === 0 ? SILENT_TAIL : calibrateTail(raws, 1, cue.leastExcess);
    });
    return {
      model: { shape, references, partTails },
      readings: steps.map(({ readings, state: after }) => [...readings, together(partTails, readings, after, shape)]),
    };
  },

  start: () => NOWHERE,

  read(model, state, observation) {
    const { shape, references, partTails } = model;
    const step = followParts(shape, references, state, observation, WHOLE_HISTORY);
    return {
      readings: [...step.readings, together(partTails, step.readings, step.state, shape)],
      state: step.state,
    };
  },

  describe(_model, cue, { value }) {
    switch (cue) {
      case 'track-speed':
        return `something moves ${times(value)}faster than what is usual for its place and size`;
      case 'track-agitation':
        return `movement ${times(value)}more abrupt than what is usual for its place and size`;
      case 'track-course':
        return 'something moves with a speed and in a direction that are unusual for its place and size';
      case 'track':
        return 'something moves in a way that is unusual for its place and size in more than one respect';
      default:
        return 'something moves where hardly anything of its size ever does';
    }
  },
};

const times = (ratio: number): string => (ratio >= 1.05 ? `${ratio.toFixed(1)} times ` : '');

function followParts(
  shape: GridShape,
  references: PartReferences,
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
      readings[index] = { raw: sum, cell: cellOf(parts, offset, shape), value: quantityOf(cue.name, judgement) };
    });
  }
  return { readings, state: { epoch, sequence, parts, gathered } };
}

/** The part whose path says most in all, in nats over its parts. */
function together(
  partTails: readonly Tail[],
  readings: readonly Reading[],
  { parts, gathered }: TrackState,
  shape: GridShape,
): Reading {
  if (readings[0]?.silent) return readings[0];
  let most = 0;
  let cell = 0;
  for (let part = 0; part * FIELDS < parts.length; part++) {
    let sum = 0;
    partTails.forEach((tail, index) => {
      const surprise = surpriseOf(tail, gathered[part * CUES + index] as number);
      sum += Math.min(TRACK_PART_CEILING, Math.max(0, surprise - TRACK_PART_ORDINARY));
    });
    if (sum <= most) continue;
    most = sum;
    cell = cellOf(parts, part * FIELDS, shape);
  }
  return { raw: most, cell, value: most };
}

function cellOf(parts: Float32Array, offset: number, shape: GridShape): number {
  const x = (parts[offset + X] as number) / PICTURE_WIDTH;
  return cellAt(x, (parts[offset + Y] as number) / PICTURE_HEIGHT, shape);
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
