import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../scripts/onnx/graph-builder.ts';

type Change = (manifest: Record<string, unknown>) => Record<string, unknown>;
const unchanged: Change = (manifest) => manifest;

async function writePack(
  directory: string,
  id: string,
  bytes: Uint8Array,
  manifest: Record<string, unknown>,
  change: Change,
): Promise<void> {
  const folder = join(directory, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${id}.onnx`), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const files = [{ path: `${id}.onnx`, sha256, sizeBytes: bytes.byteLength }];
  const common = { id, version: '1.0.0', task: 'test', licence: 'Apache-2.0', files };
  await writeFile(join(folder, 'pack.json'), JSON.stringify(change({ ...common, ...manifest })));
}

/** Weights that look like a trained layer's: every bit of the sum depends on the order of the terms. */
function uneven(count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898) / 7);
}

export interface TinyClip {
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly width: number;
  readonly height: number;
}

/**
 * An extractor on the segment's clip, [N, 3, T, H, W] of 0 to 255: mean red, green and blue of the oldest picture, then of the newest.
 * 6 numbers.
 */
export async function writeTinyClipPack(
  directory: string,
  id: string,
  { frames, framesPerSecond, width, height }: TinyClip,
  change: Change = unchanged,
): Promise<void> {
  const graph = new GraphBuilder();
  const clip = graph.input('clip', 'float', ['batch', 3, frames, height, width]);
  const means = graph.node('ReduceMean', [clip], { axes: [3, 4], keepdims: 0 });
  const at = (frame: number) =>
    graph.node('Squeeze', [
      graph.node('Slice', [means, graph.integers([frame]), graph.integers([frame + 1]), graph.integers([2])]),
      graph.integers([2]),
    ]);
  const both = graph.node('Concat', [at(0), at(frames - 1)], { axis: 1 });
  graph.output(both, 'embedding', 'float', ['batch', 6]);
  await writePack(
    directory,
    id,
    graph.encode(id, '1', 'for tests'),
    {
      kind: 'extractor',
      input: {
        name: 'clip',
        source: 'clip',
        framesPerSecond,
        frames,
        width,
        height,
        channels: 3,
        layout: 'NCTHW',
        type: 'float32',
      },
      output: {
        name: 'embedding',
        dims: [6],
        meaning: 'Mean red, green and blue of the oldest and of the newest picture',
      },
    },
    change,
  );
}

export interface TinyFrames {
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly width: number;
  readonly height: number;
  /** Rows and columns of a matrix that the descriptor is multiplied by `rounds` times: work. Default: none. */
  readonly work?: { readonly size: number; readonly rounds: number };
}

/** An extractor on the segment's own gray frames: an uneven mixture of the frames' means. 8 numbers. */
export async function writeTinyFramesPack(
  directory: string,
  id: string,
  { frames, framesPerSecond, width, height, work }: TinyFrames,
  change: Change = unchanged,
): Promise<void> {
  const graph = new GraphBuilder();
  const input = graph.input('frames', 'uint8', ['batch', frames, height, width]);
  const float = graph.node('Cast', [input], { to: 1 });
  let mixed = graph.node('ReduceMean', [float], { axes: [2, 3], keepdims: 0 });
  mixed = graph.node('MatMul', [mixed, graph.floats(uneven(frames * 8), [frames, 8])]);
  if (work) {
    const { size, rounds } = work;
    const wide = graph.node('MatMul', [mixed, graph.floats(uneven(8 * size), [8, size])]);
    // every row of a square, so that each round is a full matrix product: [N, size, size]
    let square = graph.node('Mul', [
      graph.node('Unsqueeze', [wide, graph.integers([2])]),
      graph.node('Unsqueeze', [wide, graph.integers([1])]),
    ]);
    const matrix = graph.floats(uneven(size * size), [size, size]);
    for (let round = 0; round < rounds; round++) square = graph.node('Tanh', [graph.node('MatMul', [square, matrix])]);
    const mean = graph.node('ReduceMean', [square], { axes: [1, 2], keepdims: 0 });
    mixed = graph.node('Add', [mixed, graph.node('Unsqueeze', [mean, graph.integers([1])])]);
  }
  graph.output(mixed, 'embedding', 'float', ['batch', 8]);
  await writePack(
    directory,
    id,
    graph.encode(id, '1', 'for tests'),
    {
      kind: 'extractor',
      input: { name: 'frames', framesPerSecond, frames, width, height, channels: 1, layout: 'NTHW', type: 'uint8' },
      output: { name: 'embedding', dims: [8], meaning: 'A mixture of the brightness of the frames' },
    },
    change,
  );
}

export interface TinyHead {
  readonly extractor: string;
  readonly dims: number;
  readonly window: number;
  readonly normalise?: 'none' | 'l2';
}

/**
 * A head whose score is the sum of the window's first numbers, divided by 1000; its experts are `some`, the share of places that are
 * there, and `mixed`, an uneven mixture of everything.
 */
export async function writeTinyHead(
  directory: string,
  id: string,
  { extractor, dims, window, normalise = 'none' }: TinyHead,
  change: Change = unchanged,
): Promise<void> {
  const graph = new GraphBuilder();
  const features = graph.input('features', 'float', ['batch', window, dims]);
  const present = graph.input('present', 'float', ['batch', window]);
  const first = graph.node('Slice', [features, graph.integers([0]), graph.integers([1]), graph.integers([2])]);
  const sum = graph.node('ReduceSum', [first, graph.integers([1, 2])], { keepdims: 0 });
  const score = graph.node('Unsqueeze', [graph.node('Div', [sum, graph.floats([1_000])]), graph.integers([1])]);
  graph.output(score, 'score', 'float', ['batch', 1]);
  const share = graph.node('ReduceMean', [present], { axes: [1], keepdims: 1 });
  const flat = graph.node('Reshape', [features, graph.integers([-1, window * dims])]);
  const mixed = graph.node('MatMul', [flat, graph.floats(uneven(window * dims), [window * dims, 1])]);
  const mixture = graph.node('Sigmoid', [graph.node('Div', [mixed, graph.floats([100])])]);
  graph.output(graph.node('Concat', [share, mixture], { axis: 1 }), 'experts', 'float', ['batch', 2]);
  await writePack(
    directory,
    id,
    graph.encode(id, '1', 'for tests'),
    {
      kind: 'head',
      extractor,
      extractorVersion: '1.0.0',
      features: { name: 'features', dims, window, normalise, present: 'present' },
      output: { name: 'score' },
      experts: { name: 'experts', classes: ['some', 'mixed'] },
      threshold: 0.5,
      causal: true,
    },
    change,
  );
}
