import { problem } from '../platform/errors.ts';
import { CUES } from './cue-definitions.ts';
import { explain } from './explain.ts';
import { scoreOf, smooth } from './fuse.ts';
import { learnNormality } from './learn-normality.ts';
import { LearningMemory, type Sample } from './learning-memory.ts';
import { MOTION_GRID_CHANNELS } from './motion-grid-channels.ts';
import { NO_FOLD } from './nearest-references.ts';
import { cueSurprises, fuseCues, type NormalityModel, quantityMaps, strangestCell } from './normality-model.ts';
import { certaintyOf, sharpness } from './picture-quality.ts';
import type { GridShape } from './reference-sets.ts';
import type { SegmentFeatures } from './segment-features.ts';
import type { Cue, GridCell, SegmentScore } from './segment-score.ts';
import { decodeState, encodeState } from './state-codec.ts';
import { surpriseOf } from './tail.ts';

export interface ScorerSettings {
  /** Learning ends by itself after so many segments, unless recordings are being taught (`endRecording`). */
  readonly requiredSegments: number;
  /** Segments kept while learning, at about 10 kB each; 1200 by default. */
  readonly maximumReferences?: number;
  readonly seed?: number;
}

/** How far learning has come. */
export interface LearningProgress {
  readonly done: boolean;
  /** 0 to 1. */
  readonly progress: number;
  readonly observedSegments: number;
  readonly requiredSegments: number;
}

const MAXIMUM_REFERENCES = 1200;
/** Fewer segments (at half a second each) say nothing about how unusual anything is. */
const MINIMUM_SEGMENTS = 40;

/** The last segment's own fused statistic, for smoothing. */
interface Previous {
  readonly epoch: number;
  readonly sequence: number;
  readonly statistic: number;
}

interface SavedState {
  readonly observedSegments: number;
  readonly recording: number;
  readonly taught: boolean;
  readonly shape: GridShape | null;
  readonly memory: ReturnType<LearningMemory['saved']> | null;
  readonly model: NormalityModel | null;
  readonly previous: Previous | null;
}

/**
 * Learns one camera's normal without labels, then says how surprising each segment is. Causal: a score depends on this and
 * earlier segments only. Holds at most about 12 MB while learning and 1 MB afterwards.
 */
export class CameraScorer {
  readonly #requiredSegments: number;
  readonly #maximumReferences: number;
  readonly #seed: number;
  #observedSegments = 0;
  #recording = 0;
  #taught = false;
  #shape: GridShape | null = null;
  #memory: LearningMemory | null;
  #model: NormalityModel | null = null;
  #previous: Previous | null = null;

  constructor(settings: ScorerSettings) {
    this.#requiredSegments = Math.max(MINIMUM_SEGMENTS, settings.requiredSegments);
    this.#maximumReferences = settings.maximumReferences ?? MAXIMUM_REFERENCES;
    this.#seed = settings.seed ?? 1;
    this.#memory = new LearningMemory(this.#maximumReferences, this.#seed);
  }

  /** Continues from `serialize`: the same segments give bit-equal scores. Throws VDT_SCORER_STATE_UNREADABLE. */
  static restore(state: Uint8Array, settings: ScorerSettings): CameraScorer {
    const saved = decodeState(state) as SavedState;
    if (saved.shape !== null && saved.shape.channels !== MOTION_GRID_CHANNELS.length) {
      throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'it was learned on other features' });
    }
    const scorer = new CameraScorer(settings);
    scorer.#observedSegments = saved.observedSegments;
    scorer.#recording = saved.recording;
    scorer.#taught = saved.taught;
    scorer.#shape = saved.shape;
    scorer.#memory = saved.memory === null ? null : LearningMemory.restore(scorer.#maximumReferences, saved.memory);
    scorer.#model = saved.model;
    scorer.#previous = saved.previous;
    return scorer;
  }

  serialize(): Uint8Array {
    const state: SavedState = {
      observedSegments: this.#observedSegments,
      recording: this.#recording,
      taught: this.#taught,
      shape: this.#shape,
      memory: this.#memory?.saved() ?? null,
      model: this.#model,
      previous: this.#previous,
    };
    return encodeState(state);
  }

  get learning(): LearningProgress {
    const done = this.#model !== null;
    return {
      done,
      progress: done ? 1 : Math.min(1, this.#observedSegments / this.#requiredSegments),
      observedSegments: this.#observedSegments,
      requiredSegments: this.#requiredSegments,
    };
  }

  /** While learning, takes the segment in as normal and returns null; afterwards returns its score. Throws VDT_FEATURES_MISMATCH. */
  observe(features: SegmentFeatures): SegmentScore | null {
    this.#check(features);
    if (this.#model !== null) return this.#score(features, this.#model);
    this.#memory?.add(features, this.#recording);
    this.#observedSegments += 1;
    if (!this.#taught && this.#observedSegments >= this.#requiredSegments) this.#learn();
    return null;
  }

  /**
   * Marks the end of one recording while learning, so that calibration can leave whole recordings out. From the first call
   * on, learning ends only by `finishLearning`.
   */
  endRecording(): void {
    this.#taught = true;
    this.#recording += 1;
  }

  /** Ends learning now. Throws VDT_LEARNING_TOO_SHORT below 40 segments; does nothing when learning is over. */
  finishLearning(): void {
    if (this.#model !== null) return;
    if (this.#observedSegments < MINIMUM_SEGMENTS) {
      throw problem('VDT_LEARNING_TOO_SHORT', {
        observedSegments: this.#observedSegments,
        minimumSegments: MINIMUM_SEGMENTS,
      });
    }
    this.#learn();
  }

  #learn(): void {
    const samples: readonly Sample[] = this.#memory?.samples() ?? [];
    if (this.#shape === null) return;
    this.#model = learnNormality(samples, this.#shape, this.#seed);
    this.#memory = null;
    this.#previous = null;
  }

  #score(features: SegmentFeatures, model: NormalityModel): SegmentScore {
    const { epoch, sequence, startMs, endMs, values } = features;
    const maps = quantityMaps(values, model.shape, model, NO_FOLD);
    const readings = CUES.map((cue, index) => {
      const table = model.tables[index];
      return table === undefined
        ? { raw: 0, cell: 0, value: 0 }
        : strangestCell(maps[index] ?? new Float32Array(), table, cue.floor);
    });
    const surprises = cueSurprises(readings, model.tails, model.learnedSegments);
    const statistic = fuseCues(surprises);
    const before = this.#previous;
    const adjacent = before !== null && before.epoch === epoch && before.sequence + 1 === sequence;
    const surprise = surpriseOf(model.fused, smooth(adjacent ? before.statistic : null, statistic));
    this.#previous = { epoch, sequence, statistic };

    const cues: Cue[] = CUES.map((cue, index) => ({
      name: cue.name,
      raw: readings[index]?.raw ?? 0,
      probability: Math.exp(-(surprises[index] ?? 0)),
      cell: cellOf(readings[index]?.cell ?? 0, model.shape),
    }));
    return {
      epoch,
      sequence,
      startMs,
      endMs,
      score: scoreOf(surprise),
      surprise,
      cues,
      certainty: certaintyOf(
        sharpness(values, model.shape),
        model.usualSharpness,
        model.learnedSegments / model.dependenceSegments,
      ),
      hottestCell: hottestOf(cues, surprises),
      explanation: explain(model, readings, surprises, surprise),
      dependenceSegments: model.dependenceSegments,
    };
  }

  #check(features: SegmentFeatures): void {
    const { rows, columns, channels, values } = features;
    if (channels !== MOTION_GRID_CHANNELS.length) {
      throw problem('VDT_FEATURES_MISMATCH', {
        field: 'channels',
        reason: `is ${channels} instead of ${MOTION_GRID_CHANNELS.length}`,
      });
    }
    if (values.length !== rows * columns * channels) {
      throw problem('VDT_FEATURES_MISMATCH', { field: 'values', reason: `has ${values.length} numbers` });
    }
    if (this.#shape === null) this.#shape = { rows, columns, channels };
    else if (this.#shape.rows !== rows || this.#shape.columns !== columns) {
      throw problem('VDT_FEATURES_MISMATCH', {
        field: 'rows x columns',
        reason: `is ${rows}x${columns}, the camera has learned ${this.#shape.rows}x${this.#shape.columns}`,
      });
    }
  }
}

function cellOf(cell: number, shape: GridShape): GridCell {
  const row = Math.floor(cell / shape.columns);
  return { row, column: cell - row * shape.columns };
}

/** The strangest cell of the cue that weighs most in the fusion. */
function hottestOf(cues: readonly Cue[], surprises: readonly number[]): GridCell | null {
  let best = Number.NEGATIVE_INFINITY;
  let cell: GridCell | null = null;
  cues.forEach((cue, index) => {
    const weighted = (surprises[index] ?? 0) + Math.log(CUES[index]?.weight ?? 1);
    if (weighted > best) {
      best = weighted;
      cell = cue.cell;
    }
  });
  return cell;
}
