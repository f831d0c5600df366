import type { ByteSource } from './byte-source.ts';
import { namedTensors } from './named-tensors.ts';
import { type Pickled, readPickle } from './pickle.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { type TorchStorage, type TorchTensor, TorchWorld } from './torch-world.ts';
import { Unreadable } from './unreadable.ts';

/** `torch.serialization.MAGIC_NUMBER` and PROTOCOL_VERSION. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;
/** The pickles stand before the numbers; those of the largest state dicts have less than 1 MB. */
const PICKLES_LIMIT_BYTES = 16 * 1024 ** 2;

/**
 * The tensors of a file that `torch.save` wrote before PyTorch 1.6: five pickles (magic number, protocol, facts of the machine, the object,
 * the keys of the storages), then each storage in the order of the keys: its number of elements as int64, and the elements.
 */
export async function readLegacyFile(source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> {
  const head = await source.read(0, Math.min(source.sizeBytes, PICKLES_LIMIT_BYTES));
  const world = new TorchWorld();
  let at = 0;
  const next = (): Pickled => {
    const { value, end } = readPickle(head, at, world);
    at = end;
    return value;
  };
  if (next() !== MAGIC) throw new Unreadable('does not begin with PyTorch’s magic number');
  if (next() !== PROTOCOL) throw new Unreadable(`is not of the protocol ${PROTOCOL}`);
  const machine = next();
  if (machine instanceof Map && machine.get('little_endian') === false) {
    throw new Unreadable('was written by a machine of the other byte order');
  }
  const tensors = namedTensors(next());
  const keys = next();
  if (!Array.isArray(keys)) throw new Unreadable('does not list its storages');
  const starts = await storageStarts(source, keys, at, world.storages);
  return new Map([...tensors].map(([name, tensor]) => [name, stored(name, tensor, starts)]));
}

/** The byte at which the elements of each storage begin. */
async function storageStarts(
  source: ByteSource,
  keys: readonly Pickled[],
  firstByte: number,
  storages: ReadonlyMap<string, TorchStorage>,
): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  let at = firstByte;
  for (const key of keys) {
    const storage = typeof key === 'string' || typeof key === 'number' ? storages.get(String(key)) : undefined;
    if (!storage) throw new Unreadable('lists a storage that nothing points to'); // of unknown size: what follows cannot be found
    const elements = Number((await source.read(at, 8)).readBigInt64LE());
    if (elements !== storage.elements) {
      throw new Unreadable(`has a storage of ${elements} elements where ${storage.elements} were announced`);
    }
    starts.set(storage.key, at + 8);
    at += 8 + elements * storage.format.sizeBytes;
    if (at > source.sizeBytes) throw new Unreadable(`breaks off: it has ${source.sizeBytes} bytes of at least ${at}`);
  }
  return starts;
}

function stored(name: string, tensor: TorchTensor, starts: ReadonlyMap<string, number>): StoredTensor {
  const { storage, first, shape, steps } = tensor;
  const start = starts.get(storage.key);
  if (start === undefined) throw new Unreadable(`lacks the storage of the tensor ${name}`);
  return { format: storage.format, shape, steps, startByte: start + first * storage.format.sizeBytes };
}
