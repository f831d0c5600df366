import { describe, expect, it } from 'vitest';
import { FigureJudge, type FigureNet, NOTHING_THERE } from '../../../../src/score/figures/figure-net.ts';
import { VIEW_FIELDS, VIEW_LENGTH } from '../../../../src/score/figures/figure-paths.ts';
import { MOVING_NET, STANDING_NET, TRAINED_FIELDS } from '../../../../src/score/figures/figure-weights.ts';

const zeros = (count: number): number[] => Array.from({ length: count }, () => 0);

/** Two units: max(0, (a - 1) / 2) and max(0, -b); their sum less one half. */
function smallNet(): FigureNet {
  const first = zeros(2 * VIEW_LENGTH);
  first[0] = 1;
  first[VIEW_LENGTH + 1] = -1;
  const mean = zeros(VIEW_LENGTH);
  mean[0] = 1;
  const scale = Array.from({ length: VIEW_LENGTH }, (_, index) => (index === 0 ? 2 : 1));
  return {
    mean,
    scale,
    layers: [
      { weights: first, bias: [0, 0] },
      { weights: [1, 1], bias: [-0.5] },
    ],
  };
}

function viewOf(...values: readonly number[]): Float32Array {
  const view = new Float32Array(VIEW_LENGTH);
  view.set(values);
  return view;
}

describe('the net that weighs a figure', () => {
  const judge = new FigureJudge(smallNet());

  it('standardises, adds and rectifies as it was trained to', () => {
    expect(judge.strangeness(viewOf(5, -3), 0)).toBe(2 + 3 - 0.5);
    expect(judge.strangeness(viewOf(0, 3), 0)).toBe(-0.5);
  });

  it('reads the view that begins where it is told', () => {
    expect(judge.strangeness(Float32Array.of(...viewOf(5), ...viewOf(9)), VIEW_LENGTH)).toBe(3.5);
  });

  it('takes what it is told to leave out for usual', () => {
    expect(judge.strangeness(viewOf(5, -3), 0, [0])).toBe(2.5);
    expect(judge.strangeness(viewOf(5, -3), 0, [0, 1])).toBe(-0.5);
  });

  it('cuts numbers as training did, and never says less than that nothing is there', () => {
    expect(judge.strangeness(viewOf(1, -1000), 0)).toBe(29.5);
    const deep = new FigureJudge({ ...smallNet(), layers: [{ weights: zeros(VIEW_LENGTH), bias: [-40] }] });
    expect(deep.strangeness(viewOf(), 0)).toBe(NOTHING_THERE);
  });
});

describe('the nets that ship', () => {
  it('were trained on the numbers that the service computes, in this order', () => {
    expect(TRAINED_FIELDS).toEqual([...VIEW_FIELDS]);
  });

  it.each([
    ['moving', MOVING_NET],
    ['standing', STANDING_NET],
  ])('have weights that fit together: %s', (_, { mean, scale, layers }) => {
    expect([mean.length, scale.length]).toEqual([VIEW_LENGTH, VIEW_LENGTH]);
    let inputs = VIEW_LENGTH;
    for (const { weights, bias } of layers) {
      expect(weights).toHaveLength(inputs * bias.length);
      inputs = bias.length;
    }
    expect(inputs).toBe(1);
    expect(scale.every((own) => own > 0)).toBe(true);
  });
});
