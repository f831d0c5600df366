import { MOTION_GRID_CHANNELS, type MotionGridChannel } from '../../src/score/motion-grid-channels.ts';
import { GraphBuilder, type Value } from './graph-builder.ts';

export const MOTION_GRID_VERSION = '1.0.0';
/** Half a second of a 240x160 gray picture. */
export const MOTION_GRID_INPUT = { framesPerSecond: 10, frames: 5, width: 240, height: 160 } as const;
export const MOTION_GRID_OUTPUT = { rows: 10, columns: 15 } as const;

/** Keeps flat places from showing speed: about the square of one grey level of sensor noise, brightness^2. */
const GRADIENT_NOISE = 4e-5;
/** Weight of no movement at all in the mean velocity, brightness^2. */
const STILL_ENERGY = 1e-5;
/** Scharr's derivative, exact for slopes of any direction, brightness per pixel. */
const SCHARR_HORIZONTAL = [-3, 0, 3, -10, 0, 10, -3, 0, 3].map((weight) => weight / 32);
const SCHARR_VERTICAL = [-3, -10, -3, 0, 0, 0, 3, 10, 3].map((weight) => weight / 32);

/**
 * The default pack's graph. Input `frames` [batch, 5, 160, 240] uint8; output `grid` [batch, 10, 15, channels] float, one
 * descriptor per 16x16-pixel cell. Speed is Lucas and Kanade's (1981): the structure tensor of each place, pooled over the segment's four frame
 * pairs, on pictures of half, quarter and eighth size. Elements of a batch never touch each other.
 */
export function buildMotionGrid(): Uint8Array {
  const graph = new GraphBuilder();
  const { frames: count, height, width } = MOTION_GRID_INPUT;
  const operation = (type: string) => (a: Value, b: Value) => graph.node(type, [a, b]);
  const [add, subtract, multiply, divide] = [operation('Add'), operation('Sub'), operation('Mul'), operation('Div')];
  const constant = (value: number) => graph.floats([value]);
  const times = (x: Value, factor: number) => multiply(x, constant(factor));
  const square = (x: Value) => multiply(x, x);
  const root = (x: Value) => graph.node('Sqrt', [graph.node('Relu', [x])]);
  const absolute = (x: Value) => graph.node('Abs', [x]);
  const mean = (x: Value, kernel: number, stride: number, pad: number) =>
    graph.node('AveragePool', [x], {
      kernel_shape: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      count_include_pad: 0,
    });
  const largest = (x: Value, size: number) =>
    graph.node('MaxPool', [x], { kernel_shape: [size, size], strides: [size, size] });
  const meanOverTime = (x: Value) => graph.node('ReduceMean', [x], { axes: [1], keepdims: 1 });
  const slice = (x: Value, from: number, to: number) =>
    graph.node('Slice', [x, graph.integers([from]), graph.integers([to]), graph.integers([1])]);
  const derivative = (x: Value, kernel: readonly number[]) =>
    graph.node(
      'Conv',
      [x, graph.floats(Array.from({ length: count - 1 }, () => kernel).flat(), [count - 1, 1, 3, 3])],
      {
        group: count - 1,
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
      },
    );

  const input = graph.input('frames', 'uint8', ['batch', count, height, width]);
  const picture = times(graph.node('Cast', [input], { to: 1 }), 1 / 255);
  const halved = (x: Value) => mean(x, 4, 2, 1);
  const half = halved(picture);
  const quarter = halved(half);
  const eighth = halved(quarter);

  /** Speed at each place of a lattice; `pool` gathers the structure tensor around it. */
  const flow = (pictures: Value, pool: (x: Value) => Value) => {
    const before = slice(pictures, 0, count - 1);
    const after = slice(pictures, 1, count);
    const between = times(add(before, after), 0.5);
    const change = subtract(after, before);
    // Light that comes and goes over the whole picture (clouds, exposure) is no motion.
    const it = subtract(change, graph.node('ReduceMean', [change], { axes: [2, 3], keepdims: 1 }));
    const ix = derivative(between, SCHARR_HORIZONTAL);
    const iy = derivative(between, SCHARR_VERTICAL);
    const tensor = (a: Value, b: Value) => pool(meanOverTime(multiply(a, b)));
    const xx = add(tensor(ix, ix), constant(GRADIENT_NOISE));
    const yy = add(tensor(iy, iy), constant(GRADIENT_NOISE));
    const [xy, xt, yt, tt] = [tensor(ix, iy), tensor(ix, it), tensor(iy, it), tensor(it, it)];
    const determinant = subtract(multiply(xx, yy), square(xy));
    const vx = divide(subtract(multiply(xy, yt), multiply(yy, xt)), determinant);
    const vy = divide(subtract(multiply(xy, xt), multiply(xx, yt)), determinant);
    const residual = root(add(tt, add(multiply(vx, xt), multiply(vy, yt))));
    return { ix, iy, it, tt, vx, vy, residual, speed: root(add(square(vx), square(vy))) };
  };
  const aroundHalf = (x: Value) => mean(x, 7, 2, 3);
  const fine = flow(half, aroundHalf); // lattice 40x60
  const coarse = flow(quarter, (x) => mean(x, 5, 1, 2)); // 40x60
  const veryCoarse = flow(eighth, (x) => mean(x, 3, 1, 1)); // 20x30

  const cellMean = (x: Value) => mean(x, 4, 4, 0);
  const cellLargest = (x: Value) => largest(x, 4);
  const cellOfHalf = (x: Value) => mean(meanOverTime(x), 8, 8, 0);
  const meanVelocity = (v: Value) =>
    divide(cellMean(multiply(v, fine.tt)), add(cellMean(fine.tt), constant(STILL_ENERGY)));

  const energy = root(fine.tt);
  const second = subtract(slice(fine.it, 1, count - 1), slice(fine.it, 0, count - 2));
  const rising = times(absolute(add(fine.ix, fine.iy)), Math.SQRT1_2);
  const falling = times(absolute(subtract(fine.ix, fine.iy)), Math.SQRT1_2);
  const gradient = meanOverTime(root(add(square(fine.ix), square(fine.iy))));
  const intensity = cellOfHalf(half);

  // Speeds times 2, 4 and 8: pixels of the full 240x160 picture.
  const channels: Readonly<Record<MotionGridChannel, Value>> = {
    speedMean: times(cellMean(fine.speed), 2),
    speedCoarseMean: times(cellMean(coarse.speed), 4),
    speedVeryCoarseMean: times(mean(veryCoarse.speed, 2, 2, 0), 8),
    velocityX: times(meanVelocity(fine.vx), 2),
    velocityY: times(meanVelocity(fine.vy), 2),
    temporalEnergyMean: cellMean(energy),
    temporalEnergyMax: cellLargest(energy),
    secondDifferenceMax: cellLargest(root(aroundHalf(meanOverTime(square(second))))),
    residualMax: cellLargest(fine.residual),
    gradientHorizontal: cellOfHalf(absolute(fine.ix)),
    gradientVertical: cellOfHalf(absolute(fine.iy)),
    gradientRising: cellOfHalf(rising),
    gradientFalling: cellOfHalf(falling),
    gradientMax: largest(gradient, 8),
    intensityMean: intensity,
    intensityDeviation: root(subtract(cellOfHalf(square(half)), square(intensity))),
  };
  const stacked = graph.node(
    'Concat',
    MOTION_GRID_CHANNELS.map((channel) => channels[channel]),
    { axis: 1 },
  );
  const { rows, columns } = MOTION_GRID_OUTPUT;
  graph.output(graph.node('Transpose', [stacked], { perm: [0, 2, 3, 1] }), 'grid', 'float', [
    'batch',
    rows,
    columns,
    MOTION_GRID_CHANNELS.length,
  ]);
  return graph.encode('motion-grid', MOTION_GRID_VERSION, 'Motion and appearance statistics per grid cell.');
}
