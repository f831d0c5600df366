import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../scripts/onnx/graph-builder.ts';

/** Side of the tiny detector's input, pixels; with `halves` its stills are 48 x 32. */
export const TINY_SIDE = 32;
export const TINY_STILL = { width: 48, height: 32 } as const;
export const TINY_CLASSES = ['person', 'bicycle'] as const;
/** Cells of strides 8, 16 and 32. */
const CELLS = 16 + 4 + 1;
const VALUES = 5 + TINY_CLASSES.length;

/**
 * An ONNX graph with the output of a YOLOX of 32 x 32 pixels: one cell of stride 8 (its third row and second column) sees a bicycle
 * of 8 x 16 pixels around (12, 20), as surely as the picture is bright.
 */
export function tinyDetectorOnnx(batch: number | 'batch' = 'batch'): Uint8Array {
  const graph = new GraphBuilder();
  const images = graph.input('images', 'float', [batch, 3, TINY_SIDE, TINY_SIDE]);
  const brightness = graph.node('ReduceMean', [images], { axes: [1, 2, 3], keepdims: 1 });
  const scaled = graph.node('Div', [graph.node('Squeeze', [brightness, graph.integers([3])]), graph.floats([255])]);
  const constant = new Array<number>(CELLS * VALUES).fill(0);
  const weight = new Array<number>(CELLS * VALUES).fill(0);
  const cell = 2 * 4 + 1;
  constant.splice(cell * VALUES, VALUES, 0.5, 0.5, Math.log(1), Math.log(2), 0, 0.25, 1);
  weight[cell * VALUES + 4] = 1;
  const dims = [1, CELLS, VALUES];
  const output = graph.node('Add', [
    graph.node('Mul', [scaled, graph.floats(weight, dims)]),
    graph.floats(constant, dims),
  ]);
  graph.output(output, 'output', 'float', [batch, CELLS, VALUES]);
  return graph.encode('tiny-detector', '1', 'for tests');
}

/** Writes the manifest of the pack `id` around the tiny detector into `directory`, with its file unless `withFile` is false. */
export async function writeTinyDetector(
  directory: string,
  id: string,
  {
    batch = 'batch',
    withFile = true,
    change = (manifest) => manifest,
  }: {
    readonly batch?: number | 'batch';
    readonly withFile?: boolean;
    readonly change?: (manifest: Record<string, unknown>) => Record<string, unknown>;
  } = {},
): Promise<Uint8Array> {
  const bytes = tinyDetectorOnnx(batch);
  const folder = join(directory, id);
  await mkdir(folder, { recursive: true });
  if (withFile) await writeFile(join(folder, 'tiny.onnx'), bytes);
  const manifest = {
    id,
    version: '1.0.0',
    kind: 'detector',
    task: 'test',
    licence: 'Apache-2.0',
    files: [
      { path: 'tiny.onnx', sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: bytes.byteLength },
    ],
    input: {
      name: 'images',
      framesPerSecond: 2,
      frames: 1,
      height: TINY_SIDE,
      width: TINY_SIDE,
      channels: 3,
      layout: 'NCHW',
      channelOrder: 'bgr',
      type: 'float32',
    },
    output: { name: 'output', dims: [CELLS, VALUES], meaning: 'As YOLOX' },
    detector: { architecture: 'yolox', classes: [...TINY_CLASSES], tiles: 'halves', confidence: 0.3, overlap: 0.45 },
  };
  await writeFile(join(folder, 'pack.json'), JSON.stringify(change(manifest)));
  return bytes;
}
