import { VIEW_LENGTH } from './figure-paths.ts';

/** A small perceptron (ReLU between layers, one number at the end); plain data. */
export interface FigureNet {
  /** Of each view field, over the figures it was trained on. */
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  /** Weights: outputs x inputs, row-major. */
  readonly layers: readonly { readonly weights: readonly number[]; readonly bias: readonly number[] }[];
}

/** What no figure at all is worth: the least that training knew. */
export const NOTHING_THERE = -8;

/** A net made ready to run: standardisation folded into the first layer. */
export class FigureJudge {
  readonly #mean: Float64Array;
  readonly #layers: readonly {
    readonly weights: Float64Array;
    readonly bias: Float64Array;
    readonly values: Float64Array;
  }[];

  constructor({ mean, scale, layers }: FigureNet) {
    this.#mean = Float64Array.from(mean);
    this.#layers = layers.map(({ weights, bias }, index) => ({
      weights: Float64Array.from(weights, (weight, place) =>
        index === 0 ? weight / (scale[place % VIEW_LENGTH] ?? 1) : weight,
      ),
      bias: Float64Array.from(bias),
      values: new Float64Array(bias.length),
    }));
  }

  /**
   * How strange a figure is, a logit against ordinary figures; higher is stranger.
   *
   * @param views numbers of `followFigures`
   * @param at first number of the figure's view
   * @param without view fields that are taken to be as usual, by their places
   */
  strangeness(views: Float32Array, at: number, without: readonly number[] = []): number {
    const input = new Float64Array(VIEW_LENGTH);
    for (let index = 0; index < VIEW_LENGTH; index++) {
      const value = Math.max(-FARTHEST, Math.min(FARTHEST, views[at + index] as number));
      input[index] = value - (this.#mean[index] as number);
    }
    for (const index of without) input[index] = 0;
    let before: Float64Array = input;
    this.#layers.forEach(({ weights, bias, values }, layer) => {
      const width = before.length;
      for (let unit = 0; unit < bias.length; unit++) {
        let sum = bias[unit] as number;
        const from = unit * width;
        for (let index = 0; index < width; index++)
          sum += (weights[from + index] as number) * (before[index] as number);
        values[unit] = layer < this.#layers.length - 1 ? Math.max(0, sum) : sum;
      }
      before = values;
    });
    return Math.max(NOTHING_THERE, before[0] ?? NOTHING_THERE);
  }
}

/** Numbers of a view are cut here, as in training. */
const FARTHEST = 30;
