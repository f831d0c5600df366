import type { ByteSource } from './byte-source.ts';
import type { ElementFormat } from './element-type.ts';
import { denseSteps, elementsOf, type StoredTensor } from './stored-tensor.ts';
import { Unreadable } from './unreadable.ts';

const HEADER_LIMIT_BYTES = 16 * 1024 ** 2;
const TYPES: Readonly<Record<string, ElementFormat>> = {
  F16: { name: 'F16', type: 'f16', sizeBytes: 2 },
  BF16: { name: 'BF16', type: 'bf16', sizeBytes: 2 },
  F32: { name: 'F32', type: 'f32', sizeBytes: 4 },
  F64: { name: 'F64', type: 'f64', sizeBytes: 8 },
};

/** The tensors of a safetensors file: the header's length as uint64, a JSON header, then all numbers. */
export async function readSafetensorsFile(source: ByteSource): Promise<ReadonlyMap<string, StoredTensor>> {
  const headerBytes = Number((await source.read(0, 8)).readBigUInt64LE());
  if (headerBytes > HEADER_LIMIT_BYTES) throw new Unreadable(`has a header of ${headerBytes} bytes`);
  const text = (await source.read(8, headerBytes)).toString('utf8');
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new Unreadable('has a header that is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Unreadable('has a header that is no JSON object');
  }
  const dataStart = 8 + headerBytes;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name !== '__metadata__') tensors.set(name, tensorOf(name, entry, dataStart, source.sizeBytes));
  }
  return tensors;
}

function tensorOf(name: string, entry: unknown, dataStart: number, sizeBytes: number): StoredTensor {
  const refuse = (reason: string) => new Unreadable(`describes the tensor ${name.slice(0, 200)} wrongly: ${reason}`);
  if (typeof entry !== 'object' || entry === null) throw refuse('it is no object');
  const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
  if (typeof dtype !== 'string' || !isCounts(shape) || !isCounts(offsets)) throw refuse('dtype, shape or data_offsets');
  const [begin = 0, end = 0] = offsets;
  if (begin > end || dataStart + end > sizeBytes) throw refuse('its numbers lie beyond the end of the file');
  const format = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (!format) {
    const other: ElementFormat = { name: dtype.slice(0, 20), type: 'other', sizeBytes: 1 };
    return { format: other, shape, steps: denseSteps(shape), startByte: dataStart + begin };
  }
  if (elementsOf(shape) * format.sizeBytes !== end - begin)
    throw refuse(`${end - begin} bytes for [${shape}] ${dtype}`);
  return { format, shape, steps: denseSteps(shape), startByte: dataStart + begin };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}
