import type { ByteSource } from './byte-source.ts';
import { toFloat32 } from './element-type.ts';
import { elementsOf, isDense, type StoredTensor, spanOf } from './stored-tensor.ts';
import { Unreadable } from './unreadable.ts';

/** Elements that are read at once. */
const CHUNK_ELEMENTS = 256 * 1024;
/** A tensor that does not lie in order is gathered from memory: the most bytes that it may stretch over. */
const SCATTERED_LIMIT_BYTES = 256 * 1024 ** 2;

/** The tensor's elements as float32, the last dimension fastest, in pieces of at most 1 MiB. Throws Unreadable. */
export function tensorFloats(source: ByteSource, tensor: StoredTensor): AsyncGenerator<Float32Array> {
  return isDense(tensor.shape, tensor.steps) ? inOrder(source, tensor) : gathered(source, tensor);
}

function typeOf({ format }: StoredTensor) {
  if (format.type === 'other') throw new Unreadable(`holds ${format.name}, which is not turned into float32`);
  return format.type;
}

async function* inOrder(source: ByteSource, tensor: StoredTensor): AsyncGenerator<Float32Array> {
  const { format, shape, startByte } = tensor;
  const type = typeOf(tensor);
  const total = elementsOf(shape);
  for (let done = 0; done < total; done += CHUNK_ELEMENTS) {
    const count = Math.min(CHUNK_ELEMENTS, total - done);
    const bytes = await source.read(startByte + done * format.sizeBytes, count * format.sizeBytes);
    yield toFloat32(type, bytes, 0, count);
  }
}

/** Transposed, cut out or repeated elements. */
async function* gathered(source: ByteSource, tensor: StoredTensor): AsyncGenerator<Float32Array> {
  const { format, shape, steps, startByte } = tensor;
  const type = typeOf(tensor);
  const total = elementsOf(shape);
  const spanBytes = spanOf(shape, steps) * format.sizeBytes;
  if (spanBytes > SCATTERED_LIMIT_BYTES) throw new Unreadable(`has a tensor scattered over ${spanBytes} bytes`);
  const bytes = await source.read(startByte, spanBytes);
  const index = shape.map(() => 0);
  let element = 0;
  for (let done = 0; done < total; done += CHUNK_ELEMENTS) {
    const count = Math.min(CHUNK_ELEMENTS, total - done);
    const ordered = Buffer.allocUnsafe(count * format.sizeBytes);
    for (let i = 0; i < count; i++) {
      const from = element * format.sizeBytes;
      bytes.copy(ordered, i * format.sizeBytes, from, from + format.sizeBytes);
      element += advance(index, shape, steps);
    }
    yield toFloat32(type, ordered, 0, count);
  }
}

/** Moves `index` on by one in the order of a dense tensor; how many elements further the next one lies. */
function advance(index: number[], shape: readonly number[], steps: readonly number[]): number {
  let moved = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const step = steps[axis] ?? 0;
    const at = (index[axis] ?? 0) + 1;
    if (at < (shape[axis] ?? 0)) {
      index[axis] = at;
      return moved + step;
    }
    moved -= (at - 1) * step;
    index[axis] = 0;
  }
  return moved;
}
