import type { Box } from './detected-object.ts';
import type { Observation } from './observation.ts';

export interface GridShape {
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
}

export interface CueDefinition {
  readonly name: string;
  /** Share of the fusion before the weights of all heads are scaled to sum 1. */
  readonly weight: number;
  /**
   * `extrapolated`: the tail goes on beyond the history, so one look can be very surprising. `counted`: never more surprising than the
   * history is long, for cues whose every recording brings something new (a place where nobody had walked yet).
   */
  readonly evidence: 'extrapolated' | 'counted';
  /** Least mean excess of the tail, in the unit of the raw value, for cues whose raw values are no logarithms of ratios (tail.ts). */
  readonly leastExcess?: number;
  /**
   * Learned segments between which the cue comes to count: below `from` it says nothing, from `full` on all that it has to say. For cues
   * that compare with so many things at once that a short history knows too few of them.
   */
  readonly maturity?: { readonly from: number; readonly full: number };
  /**
   * Raw values that are assumed where the history has fewer readings than these, in an order in which the first few are already spread
   * over all of them: for cues that know from elsewhere what is ordinary.
   */
  readonly prior?: readonly number[];
  /**
   * Another head's cue that must see something in the same place, with at least that raw value, for this one to be heard; where that cue
   * has nothing to look with (`silent`), or has not come to count in full, this one is heard alone. For two ways of looking that err in different places.
   */
  readonly confirmedBy?: { readonly cue: string; readonly from: number };
}

/** Maturity of cues that compare with many passers-by at once: silent below five minutes of life, fully heard from seven and a half on. */
export const ONCE_MUCH_IS_KNOWN = { from: 600, full: 900 } as const;

/** How unusual a segment is to one cue, before calibration. */
export interface Reading {
  /** Higher is stranger; comparable between segments of one camera, otherwise free of unit. */
  readonly raw: number;
  /** Where: index of the grid cell, row-major. */
  readonly cell: number;
  /** The quantity itself at that place, for explanations. */
  readonly value: number;
  /** The object or shape, where the cue knows one. */
  readonly box?: Box | null;
  /** Class of the object, where a detector named it; what an expert or a definition calls it. */
  readonly label?: string | null;
  /** What the head's `describe` needs to know of it, where the numbers above are not enough. */
  readonly detail?: Float32Array;
  /** There was nothing to look at: no surprise, whatever `raw` says, and nothing to calibrate on. */
  readonly silent?: true;
}

/** A segment of the learning history. Folds group segments that are left out together (a recording, or a stretch of time). */
export interface HistorySample extends Observation {
  readonly fold: number;
}

/**
 * A family of cues over one kind of feature. Pure: the same history gives the same model, the same model, state and observation
 * the same readings. `Model` and `State` are plain data with number arrays (state-codec.ts can store them); a model is never changed.
 */
export interface CueHead<Model, State> {
  readonly name: string;
  readonly cues: readonly CueDefinition[];
  /** Pack whose embeddings it looks at: only those that some head looks at are remembered. */
  readonly embedding?: string;
  /**
   * @param history in order of time, at least one
   * @returns the model, and for every sample one reading a cue by a model that never saw the sample's fold
   */
  learn(
    history: readonly HistorySample[],
    shape: GridShape,
    seed: number,
  ): { readonly model: Model; readonly readings: readonly (readonly Reading[])[] };
  /** State at the start of an epoch, or after learning. Null for a head that looks at each segment alone. */
  start(model: Model): State;
  /** The state after a break of the stream, or under a model that was learned anew; `start` where it holds nothing worth keeping. */
  carry?(model: Model, state: State): State;
  /** One reading a cue, in their order; the state for the next segment. Causal. */
  read(
    model: Model,
    state: State,
    observation: Observation,
  ): { readonly readings: readonly Reading[]; readonly state: State };
  /** How the reading compares: "motion 4.1 times faster than anything seen here". */
  describe(model: Model, cue: string, reading: Reading): string;
  /** Strangeness of every cell, rows x columns, 0 to 1, for the heat map of an incident. Absent: only the readings' cells are drawn. */
  heat?(model: Model, observation: Observation): Float32Array;
}

/** A head whose model and state are its own business. */
export type AnyCueHead = CueHead<unknown, unknown>;
