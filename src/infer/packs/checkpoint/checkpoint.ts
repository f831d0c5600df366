import { ByteSource } from './byte-source.ts';
import { readLegacyFile } from './legacy-file.ts';
import { readSafetensorsFile } from './safetensors-file.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { Unreadable } from './unreadable.ts';
import { readZipFile } from './zip-file.ts';

export type CheckpointFormat = 'torch' | 'torchscript' | 'safetensors';

/** A file of trained numbers as a laboratory published it. */
export class Checkpoint {
  readonly source: ByteSource;
  /** By the name that the file gives each. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;

  private constructor(source: ByteSource, tensors: ReadonlyMap<string, StoredTensor>) {
    this.source = source;
    this.tensors = tensors;
  }

  /** Opens the file and finds its tensors; their numbers stay where they are. Throws Unreadable. */
  static async open(path: string, format: CheckpointFormat): Promise<Checkpoint> {
    const source = await ByteSource.open(path);
    try {
      return new Checkpoint(source, await tensorsOf(source, path, format));
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

async function tensorsOf(source: ByteSource, path: string, format: CheckpointFormat) {
  if (format === 'safetensors') return readSafetensorsFile(source);
  const start = await source.read(0, Math.min(4, source.sizeBytes));
  if (start.toString('latin1') === 'PK\x03\x04') return readZipFile(source, path);
  if (format === 'torch' && start[0] === 0x80) return readLegacyFile(source);
  throw new Unreadable(format === 'torch' ? 'is no file of torch.save' : 'is no TorchScript archive');
}
