import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { Checkpoint } from './checkpoint.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { tensorFloats } from './tensor-floats.ts';
import { Unreadable } from './unreadable.ts';
import type { PlacedTensor, WeightsLayout } from './weights-layout.ts';

export interface WriteWeightsOptions {
  readonly checkpoint: Checkpoint;
  readonly layout: WeightsLayout;
  /** Absolute path of the weights file; its folder is there. */
  readonly target: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneBytes: number, totalBytes: number) => void;
}

/**
 * Writes the checkpoint's tensors as the layout places them, each as float32, the gaps filled with zeros; tensors that the layout does not
 * name are left out. The file gets its name when it is whole and on the disk. A few MB of memory, however large the checkpoint is.
 * Returns the file's SHA-256. Throws Unreadable where a tensor is missing or of another shape, and the errors of the disk.
 */
export async function writeWeights(options: WriteWeightsOptions): Promise<{ readonly sha256: string }> {
  const { checkpoint, layout, target, signal } = options;
  const found = layout.tensors.map((placed) => ({ placed, stored: tensorFor(checkpoint, placed) }));
  const part = `${target}.part`;
  const hash = createHash('sha256');
  try {
    await pipeline(
      async function* () {
        for await (const bytes of weightsBytes(options, found)) {
          hash.update(bytes);
          yield bytes;
        }
      },
      createWriteStream(part, { flush: true }),
      { signal },
    );
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return { sha256: hash.digest('hex') };
}

function tensorFor({ tensors }: Checkpoint, { name, source = name, shape }: PlacedTensor): StoredTensor {
  const stored = tensors.get(source);
  if (!stored) throw new Unreadable(`has no tensor ${source}`);
  if (stored.shape.length !== shape.length || stored.shape.some((size, axis) => size !== shape[axis])) {
    throw new Unreadable(
      `has the tensor ${source} in the shape [${stored.shape.join(', ')}], not [${shape.join(', ')}]`,
    );
  }
  if (stored.format.type === 'other') {
    throw new Unreadable(`has the tensor ${source} as ${stored.format.name}, which is not turned into float32`);
  }
  return stored;
}

interface Found {
  readonly placed: PlacedTensor;
  readonly stored: StoredTensor;
}

async function* weightsBytes(
  { checkpoint, layout, onProgress }: WriteWeightsOptions,
  found: readonly Found[],
): AsyncGenerator<Uint8Array> {
  let doneBytes = 0;
  const counted = (bytes: Uint8Array) => {
    doneBytes += bytes.byteLength;
    onProgress?.(doneBytes, layout.sizeBytes);
    return bytes;
  };
  for (const { placed, stored } of found) {
    yield* zeros(placed.offset - doneBytes, counted);
    for await (const floats of tensorFloats(checkpoint.source, stored)) yield counted(new Uint8Array(floats.buffer));
  }
  yield* zeros(layout.sizeBytes - doneBytes, counted);
}

const ZEROS_BYTES = 1024 ** 2;

function* zeros(count: number, counted: (bytes: Uint8Array) => Uint8Array): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= ZEROS_BYTES) yield counted(new Uint8Array(Math.min(left, ZEROS_BYTES)));
}
