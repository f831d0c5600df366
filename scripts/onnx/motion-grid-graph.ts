import {
  MOTION_GRID_CHANNELS,
  MOTION_LATTICE_CHANNELS,
  type MotionGridChannel,
  type MotionLatticeChannel,
} from '../../src/score/motion-grid-channels.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';

export const MOTION_GRID_VERSION = '2.1.0';
/** Half a second of a 240x160 gray picture. */
export const MOTION_GRID_INPUT = { framesPerSecond: 10, frames: 5, width: 240, height: 160 } as const;
export const MOTION_GRID_OUTPUT = { rows: 10, columns: 15 } as const;
export const MOTION_LATTICE_OUTPUT = { rows: 40, columns: 60 } as const;

/** Keeps flat places from showing speed: about the square of one grey level of sensor noise, brightness^2. */
const GRADIENT_NOISE = 4e-5;
/** Weight of no movement at all in the mean velocity, brightness^2. */
const STILL_ENERGY = 1e-5;
/** Pixels a frame that the half-size picture follows; beyond, the quarter-size one takes over. */
const FINE_REACH = 3;
/** Scharr's derivative, exact for slopes of any direction, brightness per pixel. */
const SCHARR_HORIZONTAL = [-3, 0, 3, -10, 0, 10, -3, 0, 3].map((weight) => weight / 32);
const SCHARR_VERTICAL = [-3, -10, -3, 0, 0, 0, 3, 10, 3].map((weight) => weight / 32);
/** Blurs the change in time as much as the derivatives blur along their edges, else speed comes out too high. */
const BINOMIAL = [1, 2, 1, 2, 4, 2, 1, 2, 1].map((weight) => weight / 16);
const PAIRS = MOTION_GRID_INPUT.frames - 1;

/** Means of products over the segment's frame pairs; the last is the mean square of the second difference in time. */
const MOMENTS = ['xx', 'yy', 'tt', 'xy', 'xt', 'yt', 'second'] as const;
type Moment = (typeof MOMENTS)[number];
/** ONNX Runtime's blocked convolutions want channels in multiples of 8. */
const BLOCK = 8;

/** A convolution over all frames: one row of weights (frames x 3 x 3) per output channel. */
type Filter = readonly number[];

/** Weights of one frame pair for one kernel: the mean of both frames, or their difference. */
function pairFilter(pair: number, kernel: readonly number[], difference: boolean): Filter {
  return Array.from({ length: MOTION_GRID_INPUT.frames }, (_, frame) => {
    const share = frame === pair ? (difference ? -1 : 0.5) : frame === pair + 1 ? (difference ? 1 : 0.5) : 0;
    return kernel.map((weight) => (share * weight) / 255);
  }).flat();
}

function plus(a: Filter, b: Filter, sign = 1): Filter {
  return a.map((weight, index) => weight + sign * (b[index] ?? 0));
}

/**
 * Products of derivatives as weighted squares of linear filters (2ab = (a + b)^2 - a^2 - b^2), so that one convolution, one
 * square and one 1x1 convolution give all moments: a third of the time of products taken one by one.
 */
function momentFilters(withSecond: boolean): {
  readonly filters: readonly Filter[];
  readonly mix: readonly (readonly number[])[];
} {
  const filters: Filter[] = [];
  const mix: Record<Moment, number>[] = [];
  const none = Object.fromEntries(MOMENTS.map((moment) => [moment, 0])) as Record<Moment, number>;
  const put = (filter: Filter, weights: Partial<Record<Moment, number>>) => {
    filters.push(filter);
    mix.push({ ...none, ...weights });
  };
  const [one, half] = [1 / PAIRS, 0.5 / PAIRS];
  for (let pair = 0; pair < PAIRS; pair++) {
    const x = pairFilter(pair, SCHARR_HORIZONTAL, false);
    const y = pairFilter(pair, SCHARR_VERTICAL, false);
    const t = pairFilter(pair, BINOMIAL, true);
    put(x, { xx: one, xy: -half, xt: -half });
    put(y, { yy: one, xy: -half, yt: -half });
    put(t, { tt: one, xt: -half, yt: -half });
    put(plus(x, y), { xy: half });
    put(plus(x, t), { xt: half });
    put(plus(y, t), { yt: half });
    if (withSecond && pair > 0) put(plus(t, pairFilter(pair - 1, BINOMIAL, true), -1), { second: 1 / (PAIRS - 1) });
  }
  while (filters.length % BLOCK !== 0) put(new Array(MOTION_GRID_INPUT.frames * 9).fill(0), {});
  const rows: (readonly number[])[] = MOMENTS.map((moment) => mix.map((weights) => weights[moment]));
  while (rows.length % BLOCK !== 0) rows.push(mix.map(() => 0));
  return { filters, mix: rows };
}

/**
 * The default pack's graph. Input `frames` [batch, 5, 160, 240] uint8; outputs `grid` [batch, 10, 15, channels] float, one
 * descriptor per 16x16-pixel cell, and `lattice` [batch, 40, 60, channels] float, one per 4x4 pixels, for the shapes of what moves.
 * Speed is Lucas and Kanade's (1981): the structure tensor of each place, pooled over the segment's four frame pairs, on pictures of
 * half, quarter and eighth size. Elements of a batch never touch each other.
 */
export function buildMotionGrid(): Uint8Array {
  const graph = new GraphBuilder();
  const { frames: count, height, width } = MOTION_GRID_INPUT;
  const lattice = MOTION_LATTICE_OUTPUT;
  const operation = (type: string) => (a: Value, b: Value) => graph.node(type, [a, b]);
  const [add, subtract, multiply, divide] = [operation('Add'), operation('Sub'), operation('Mul'), operation('Div')];
  const constant = (value: number) => graph.floats([value]);
  const square = (x: Value) => multiply(x, x);
  const root = (x: Value) => graph.node('Sqrt', [graph.node('Relu', [x])]);
  const mean = (x: Value, kernel: number, stride: number, pad: number) =>
    graph.node('AveragePool', [x], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      count_include_pad: 0,
    });
  const split = (x: Value, parts: number, axis: number) =>
    graph.nodes('Split', [x, graph.integers(new Array(parts).fill(1))], parts, { axis });
  const concat = (values: readonly Value[], axis: number) => graph.node('Concat', values, { axis });

  const input = graph.input('frames', 'uint8', ['batch', count, height, width]);
  const half = mean(graph.node('Cast', [input], { to: 1 }), 4, 2, 1);
  const quarter = mean(half, 4, 2, 1);
  const eighth = mean(quarter, 4, 2, 1);
  // Light that comes and goes over the whole picture (clouds, exposure) is no motion.
  const light = graph.node('GlobalAveragePool', [eighth]);

  const moments = (pictures: Value, withSecond: boolean) => {
    const { filters, mix } = momentFilters(withSecond);
    const filtered = graph.node(
      'Conv',
      [subtract(pictures, light), graph.floats(filters.flat(), [filters.length, count, 3, 3])],
      { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    );
    return graph.node('Conv', [square(filtered), graph.floats(mix.flat(), [mix.length, filters.length, 1, 1])], {
      kernel_shape: [1, 1],
    });
  };
  // Every pixel counts: with every other one alone slow riders are told from walkers less well, at a third of the cost.
  const sharp = moments(half, true); // 80x120, each pixel for itself
  const fine = mean(sharp, 7, 2, 3); // 40x60
  const coarse = mean(moments(quarter, false), 5, 1, 2);
  const veryCoarse = graph.node(
    'Resize',
    [mean(moments(eighth, false), 3, 1, 1), '' as Value, graph.floats([1, 1, 2, 2], [4])],
    { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
  );

  // The three scales side by side: [batch, 3, moments, 40, 60].
  const scales = graph.node('Reshape', [
    concat([fine, coarse, veryCoarse], 1),
    graph.integers([0, 3, BLOCK, lattice.rows, lattice.columns]),
  ]);
  const [sxx, syy, tt, xy, xt, yt, second] = split(scales, BLOCK, 2) as [
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const xx = add(sxx, constant(GRADIENT_NOISE));
  const yy = add(syy, constant(GRADIENT_NOISE));
  // Times 2, 4 and 8: pixels of the full 240x160 picture.
  const overDeterminant = divide(graph.floats([2, 4, 8], [1, 3, 1, 1, 1]), subtract(multiply(xx, yy), square(xy)));
  const vx = multiply(subtract(multiply(xy, yt), multiply(yy, xt)), overDeterminant);
  const vy = multiply(subtract(multiply(xy, xt), multiply(xx, yt)), overDeterminant);
  const speed = root(add(square(vx), square(vy)));

  const flat = (x: Value) => graph.node('Reshape', [x, graph.integers([0, 3, lattice.rows, lattice.columns])]);
  const [speedFine, speedCoarse, speedVeryCoarse] = split(flat(speed), 3, 1) as [Value, Value, Value];
  const [vxFine, vxCoarse] = split(flat(vx), 3, 1) as [Value, Value, Value];
  const [vyFine, vyCoarse] = split(flat(vy), 3, 1) as [Value, Value, Value];
  const firstScale = (x: Value) => split(flat(x), 3, 1)[0] as Value;
  const [energySquare, secondSquare] = [firstScale(tt), firstScale(second)];
  const [xxFine, yyFine, xyFine] = [firstScale(sxx), firstScale(syy), firstScale(xy)];
  const energy = root(energySquare);
  const secondDifference = root(secondSquare);
  // What the fine velocity does not explain of the change: tt + vx xt + vy yt, velocities in half-size pixels.
  const residual = root(
    add(energySquare, multiply(constant(0.5), add(multiply(vxFine, firstScale(xt)), multiply(vyFine, firstScale(yt))))),
  );
  const takeOver = graph.node('Clip', [
    subtract(multiply(speedCoarse, constant(3 / FINE_REACH)), constant(2.5)),
    graph.floats([0]),
    graph.floats([1]),
  ]);
  const blend = (a: Value, b: Value) => add(a, multiply(takeOver, subtract(b, a)));
  const slice = (x: Value, from: number) =>
    graph.node('Slice', [x, graph.integers([from]), graph.integers([from + 1]), graph.integers([1])]);
  const places = mean(sharp, 2, 2, 0);
  const sharpChange = root(slice(places, MOMENTS.indexOf('tt')));
  const edges = root(add(slice(places, MOMENTS.indexOf('xx')), slice(places, MOMENTS.indexOf('yy'))));
  const brightness = multiply(slice(quarter, count - 1), constant(1 / 255));

  const latticeChannels: Readonly<Record<MotionLatticeChannel, Value>> = {
    velocityX: blend(vxFine, vxCoarse),
    velocityY: blend(vyFine, vyCoarse),
    energy,
    change: sharpChange,
    secondDifference,
    residual,
    brightness,
    edges,
  };

  const view = graph.node('Conv', [quarter, graph.floats(new Array(count).fill(1 / count / 255), [1, count, 1, 1])], {
    kernel_shape: [1, 1],
  });
  const means = split(
    mean(
      concat(
        [
          speedFine,
          speedCoarse,
          speedVeryCoarse,
          multiply(vxFine, energySquare),
          multiply(vyFine, energySquare),
          energySquare,
          energy,
          xxFine,
          yyFine,
          xyFine,
          view,
          square(view),
        ],
        1,
      ),
      4,
      4,
      0,
    ),
    12,
    1,
  ) as [Value, Value, Value, Value, Value, Value, Value, Value, Value, Value, Value, Value];
  const largest = split(
    graph.node('MaxPool', [concat([energy, secondDifference, residual, add(xxFine, yyFine)], 1)], {
      kernel_shape: [4, 4],
      strides: [4, 4],
    }),
    4,
    1,
  ) as [Value, Value, Value, Value];
  const weight = add(means[5], constant(STILL_ENERGY));
  const diagonal = multiply(constant(0.5), add(means[7], means[8]));
  const channels: Readonly<Record<MotionGridChannel, Value>> = {
    speedMean: means[0],
    speedCoarseMean: means[1],
    speedVeryCoarseMean: means[2],
    velocityX: divide(means[3], weight),
    velocityY: divide(means[4], weight),
    temporalEnergyMean: means[6],
    temporalEnergyMax: largest[0],
    secondDifferenceMax: largest[1],
    residualMax: largest[2],
    gradientHorizontal: root(means[7]),
    gradientVertical: root(means[8]),
    gradientRising: root(add(diagonal, means[9])),
    gradientFalling: root(subtract(diagonal, means[9])),
    gradientMax: root(largest[3]),
    intensityMean: means[10],
    intensityDeviation: root(subtract(means[11], square(means[10]))),
  };
  const channelsLast = (values: readonly Value[]) =>
    graph.node('Transpose', [concat(values, 1)], { perm: [0, 2, 3, 1] });
  const { rows, columns } = MOTION_GRID_OUTPUT;
  graph.output(channelsLast(MOTION_GRID_CHANNELS.map((channel) => channels[channel])), 'grid', 'float', [
    'batch',
    rows,
    columns,
    MOTION_GRID_CHANNELS.length,
  ]);
  graph.output(channelsLast(MOTION_LATTICE_CHANNELS.map((channel) => latticeChannels[channel])), 'lattice', 'float', [
    'batch',
    lattice.rows,
    lattice.columns,
    MOTION_LATTICE_CHANNELS.length,
  ]);
  return graph.encode('motion-grid', MOTION_GRID_VERSION, 'Motion and appearance statistics per grid cell.');
}
