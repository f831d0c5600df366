import { inflateRawSync } from 'node:zlib';
import { openPromise, type ZipFile } from 'yauzl';
import { reasonOf } from '../../../platform/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { namedTensors } from './named-tensors.ts';
import { readPickle } from './pickle.ts';
import type { StoredTensor } from './stored-tensor.ts';
import { type TorchTensor, TorchWorld } from './torch-world.ts';
import { Unreadable } from './unreadable.ts';

const PICKLE_LIMIT_BYTES = 64 * 1024 ** 2;
const MOST_ENTRIES = 100_000;

/** Where an entry's bytes lie in the file. */
interface Place {
  readonly startByte: number;
  readonly sizeBytes: number;
  readonly packing: 'none' | 'deflate' | 'unknown';
}

/**
 * The tensors of a zip archive that `torch.save` writes since PyTorch 1.6, or of a TorchScript archive: `NAME/data.pkl` holds the object,
 * `NAME/data/KEY` the elements of each storage, stored without compression. A TorchScript archive's `data.pkl` holds its modules; the
 * tensors are named by the path of attributes that leads to them, as in its state dict. Its code is not looked at.
 */
export async function readZipFile(source: ByteSource, path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const places = await placesIn(path);
  const pickles = [...places.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickleName = ''] = pickles;
  if (pickles.length !== 1) throw new Unreadable(`has ${pickles.length} entries data.pkl`);
  const folder = pickleName.slice(0, -'data.pkl'.length);
  if (places.has(`${folder}byteorder`)) {
    const order = await smallEntry(source, places, `${folder}byteorder`);
    if (order.toString() !== 'little') throw new Unreadable('was written by a machine of the other byte order');
  }
  const pickle = await smallEntry(source, places, pickleName);
  const tensors = namedTensors(readPickle(pickle, 0, new TorchWorld()).value);
  return new Map([...tensors].map(([name, tensor]) => [name, stored(name, tensor, places, `${folder}data/`)]));
}

async function placesIn(path: string): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>();
  let zip: ZipFile | null = null;
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true });
    if (zip.entryCount > MOST_ENTRIES) throw new Unreadable(`has ${zip.entryCount} entries`);
    for await (const entry of zip.eachEntry()) {
      if (places.has(entry.fileName)) throw new Unreadable(`has the entry ${entry.fileName.slice(0, 200)} twice`);
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      const packing = entry.compressionMethod === 0 ? 'none' : entry.compressionMethod === 8 ? 'deflate' : 'unknown';
      places.set(entry.fileName, {
        startByte: fileDataStart,
        sizeBytes: entry.compressedSize,
        packing: entry.isEncrypted() ? 'unknown' : packing,
      });
    }
  } catch (error) {
    throw error instanceof Unreadable ? error : new Unreadable(`is no sound zip archive: ${reasonOf(error)}`);
  } finally {
    zip?.close();
  }
  return places;
}

/** An entry read as a whole. */
async function smallEntry(source: ByteSource, places: ReadonlyMap<string, Place>, name: string): Promise<Buffer> {
  const place = places.get(name);
  if (!place || place.packing === 'unknown') throw new Unreadable(`has the entry ${name} in a form that is not read`);
  if (place.sizeBytes > PICKLE_LIMIT_BYTES) throw new Unreadable(`has a ${name} of ${place.sizeBytes} bytes`);
  const bytes = await source.read(place.startByte, place.sizeBytes);
  if (place.packing === 'none') return bytes;
  try {
    return inflateRawSync(bytes, { maxOutputLength: PICKLE_LIMIT_BYTES });
  } catch (error) {
    throw new Unreadable(`has a ${name} that cannot be unpacked: ${reasonOf(error)}`);
  }
}

function stored(
  name: string,
  { storage, first, shape, steps }: TorchTensor,
  places: ReadonlyMap<string, Place>,
  folder: string,
): StoredTensor {
  const place = places.get(`${folder}${storage.key}`);
  if (!place) throw new Unreadable(`lacks the entry ${folder}${storage.key} of the tensor ${name}`);
  if (place.packing !== 'none') throw new Unreadable(`has the tensor ${name} compressed; PyTorch stores as it is`);
  if (place.sizeBytes < storage.elements * storage.format.sizeBytes) {
    throw new Unreadable(`has only ${place.sizeBytes} bytes for the ${storage.elements} elements of ${name}`);
  }
  return { format: storage.format, shape, steps, startByte: place.startByte + first * storage.format.sizeBytes };
}
