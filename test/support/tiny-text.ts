import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder } from '../../scripts/onnx/graph-builder.ts';

/** Merges of the made-up vocabulary; `cat` and `dog` are words of their own. */
const MERGES = ['#version: made up', 'c a', 'ca t</w>', 'd o', 'do g</w>', ''].join('\n');
const CAT = 512 + 1;
const DOG = 512 + 3;
const CONTEXT = 64;
/** Length of the embedding. */
export const TINY_DIMENSIONS = 2;

/** What its pictures are: `frames` uint8 [N, T, H, W]. */
export interface TinyPictures {
  readonly framesPerSecond: number;
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** An ONNX graph `tokens` int64 [N, 64] -> [N, 2]: how often it says cat, and dog. */
function tinyTextOnnx(output: string): Uint8Array {
  const graph = new GraphBuilder();
  const tokens = graph.input('tokens', 'int64', ['batch', CONTEXT]);
  const counts = [CAT, DOG].map((word) => {
    const found = graph.node('Cast', [graph.node('Equal', [tokens, graph.integers([word])])], { to: 1 });
    return graph.node('ReduceSum', [found, graph.integers([1])], { keepdims: 1 });
  });
  graph.output(graph.node('Concat', counts, { axis: 1 }), output, 'float', ['batch', TINY_DIMENSIONS]);
  return graph.encode('tiny-text', '1', 'for tests');
}

/** An ONNX graph `frames` -> `embedding` [N, 2]: the first two pixels of the first picture. */
function tinyPictureOnnx({ frames, height, width }: TinyPictures): Uint8Array {
  const graph = new GraphBuilder();
  const pictures = graph.input('frames', 'uint8', ['batch', frames, height, width]);
  const flat = graph.node('Flatten', [graph.node('Cast', [pictures], { to: 1 })], { axis: 1 });
  const [from, to, axis] = [graph.integers([0]), graph.integers([TINY_DIMENSIONS]), graph.integers([1])];
  graph.output(graph.node('Slice', [flat, from, to, axis]), 'embedding', 'float', ['batch', TINY_DIMENSIONS]);
  return graph.encode('tiny-picture', '1', 'for tests');
}

/** Writes a pack `id` with a text tower into `directory`: a picture is like "cat" as its first pixel is bright, like "dog" as the second is. */
export async function writeTinyTextPack(
  directory: string,
  id: string,
  {
    pictures = { framesPerSecond: 2, frames: 2, height: 4, width: 4 },
    textOutput = 'embedding',
  }: { readonly pictures?: TinyPictures; readonly textOutput?: string } = {},
): Promise<void> {
  const folder = join(directory, id);
  await mkdir(folder, { recursive: true });
  const files = [
    { path: 'picture.onnx', bytes: tinyPictureOnnx(pictures) },
    { path: 'text.onnx', bytes: tinyTextOnnx(textOutput) },
    { path: 'merges.txt', bytes: new TextEncoder().encode(MERGES) },
  ];
  for (const { path, bytes } of files) await writeFile(join(folder, path), bytes);
  const manifest = {
    id,
    version: '1.0.0',
    kind: 'extractor',
    task: 'test',
    licence: 'Apache-2.0',
    files: files.map(({ path, bytes }) => ({
      path,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      sizeBytes: bytes.byteLength,
    })),
    input: {
      name: 'frames',
      ...pictures,
      channels: 1,
      layout: 'NTHW',
      type: 'uint8',
    },
    output: { name: 'embedding', dims: [TINY_DIMENSIONS], meaning: 'First pixels' },
    text: {
      model: 'text.onnx',
      input: 'tokens',
      contextLength: CONTEXT,
      output: 'embedding',
      vocabulary: 'merges.txt',
      logitScale: 20,
    },
  };
  await writeFile(join(folder, 'pack.json'), JSON.stringify(manifest));
}
