import { agreementOf } from './agreement.ts';
import type { AnyCueHead, CueDefinition, GridShape, Reading } from './cue-head.ts';
import { describeCue, explain, isWorthExplaining } from './explain.ts';
import type { Thing } from './feedback/describe.ts';
import type { Likeness } from './feedback/reference-bank.ts';
import { scoreOf } from './fuse.ts';
import { heatMap } from './heat-map.ts';
import {
  cuesOfDefinitions,
  DEFINITION_CUE,
  type DefinitionOutcome,
  definitionsLead,
  describeDefinition,
  joinDefinitions,
  strongestDefinition,
} from './learned/definition-cues.ts';
import type { LearningMemory } from './learning-memory.ts';
import { nearestNormal } from './nearest-normal.ts';
import { type NormalityModel, strongestCue } from './normality-model.ts';
import type { Observation } from './observation.ts';
import { certaintyOf, sharpness } from './picture-quality.ts';
import type { Cue, GridCell, SegmentScore } from './segment-score.ts';

/** Surprise from which a segment is worth its descriptor, heat map and neighbours, nats: once in three hundred. */
const NOTABLE_SURPRISE = Math.log(300);
/** The same for one cue, before it is worth words: once in fifty. */
const NOTABLE_CUE = Math.log(50);
/** What is left of certainty while the camera itself is not well. */
const HELD_CERTAINTY = 0.25;
const NORMAL_MOMENTS = 3;

/** What a camera has made of one segment, in numbers. */
export interface Look {
  readonly observation: Observation;
  /** Per cue, as are `surprises`: nats, with what reviews say of such things. */
  readonly readings: readonly Reading[];
  readonly surprises: readonly number[];
  /** Of all cues together, smoothed and calibrated, nats. */
  readonly ofCues: number;
  readonly definitions: DefinitionOutcome | null;
  readonly thing: Thing | null;
  readonly like: Likeness | null;
  /** The camera is unhealthy or in transition. */
  readonly hold: boolean;
}

/** What the camera looks with, and what it knows. */
export interface Looker {
  readonly heads: readonly AnyCueHead[];
  readonly cues: readonly CueDefinition[];
  readonly model: NormalityModel;
  readonly memory: LearningMemory;
}

/** The score of a segment as the rest of the service knows it: with certainty, words, and what an incident will be shown with. */
export function scoreOfLook(look: Look, looker: Looker): SegmentScore {
  const { observation, readings, surprises, ofCues, definitions, thing, like } = look;
  const { heads, cues, model } = looker;
  const { epoch, sequence, startMs, endMs } = observation;
  const surprise = definitions ? joinDefinitions(ofCues, definitions.surprise) : ofCues;
  const notable = surprise >= NOTABLE_SURPRISE;
  const strongest = strongestCue(cues, surprises);
  const strangestCell = readings[strongest]?.cell ?? 0;
  const defined =
    definitions && definitionsLead(ofCues, definitions.surprise) ? strongestDefinition(definitions.readings) : null;
  return {
    epoch,
    sequence,
    startMs,
    endMs,
    score: scoreOf(surprise),
    surprise,
    cues: [
      ...cuesOfLook(look, looker, notable),
      ...(definitions ? cuesOfDefinitions(definitions, notable ? NOTABLE_CUE : Number.POSITIVE_INFINITY) : []),
    ],
    certainty: certaintyOfLook(look, looker),
    hottestCell: defined ? null : cellOf(strangestCell, model.shape),
    leadingCue: defined ? DEFINITION_CUE : (cues[strongest]?.name ?? ''),
    explanation: defined
      ? isWorthExplaining(surprise)
        ? describeDefinition(defined)
        : null
      : withLikeness(explain(heads, model, readings, strongest, surprise), like),
    dependenceSegments: model.dependenceSegments,
    ...(like
      ? { likeReference: { id: like.id, verdict: like.verdict, label: like.label, likeness: like.likeness } }
      : {}),
    ...(thing && notable ? { descriptor: thing.descriptor } : {}),
    ...(notable ? circumstancesOf(observation, looker, strangestCell) : {}),
  };
}

function cuesOfLook({ readings, surprises }: Look, { heads, cues, model }: Looker, notable: boolean): readonly Cue[] {
  return cues.map((cue, index) => {
    const reading = readings[index];
    const own = surprises[index] ?? 0;
    return {
      name: cue.name,
      raw: reading?.raw ?? 0,
      probability: Math.exp(-own),
      cell: cellOf(reading?.cell ?? 0, model.shape),
      ...(reading?.box ? { box: reading.box } : {}),
      ...(reading?.label ? { label: reading.label } : {}),
      ...(notable && own >= NOTABLE_CUE ? { comparison: describeCue(heads, model, readings, index) ?? '' } : {}),
    };
  });
}

function certaintyOfLook({ observation, surprises, definitions, hold }: Look, { heads, model }: Looker): number {
  const ofPicture = certaintyOf(
    sharpness(observation.values, model.shape),
    model.usualSharpness,
    model.learnedSegments / model.dependenceSegments,
  );
  const witnesses = [...loudestOfEach(heads, surprises), ...(definitions ? [definitions.surprise] : [])];
  return ofPicture * agreementOf(witnesses) * (hold ? HELD_CERTAINTY : 1);
}

/** The loudest cue of each head: cues of one head look at the same pixels and are no independent witnesses. */
function loudestOfEach(heads: readonly AnyCueHead[], surprises: readonly number[]): readonly number[] {
  let first = 0;
  return heads.map(({ cues }) => {
    const own = surprises.slice(first, first + cues.length);
    first += cues.length;
    return Math.max(0, ...own);
  });
}

/** What is costly and of use only where something stands out. */
function circumstancesOf(observation: Observation, { heads, model, memory }: Looker, cell: number) {
  return {
    heat: heatMap(heads, model, observation, cell),
    nearestNormal: nearestNormal(memory.moments(), observation, model.shape, cell, NORMAL_MOMENTS),
  };
}

/** A person's own word for such a thing, where one was given. */
function withLikeness(explanation: string | null, like: Likeness | null): string | null {
  if (explanation === null || like === null || like.verdict === 'dismissed') return explanation;
  return `${explanation}, like what was confirmed${like.label === null ? '' : ` as “${like.label}”`}`;
}

function cellOf(cell: number, shape: GridShape): GridCell {
  const row = Math.floor(cell / shape.columns);
  return { row, column: cell - row * shape.columns };
}
