import { problem } from '../platform/errors.ts';

/** "VDTS" and the layout's version: the second knows 16-bit arrays besides. A scorer never reads a state of a later version. */
const MAGIC = 0x56445453;
const VERSION = 2;
const ALIGNMENT = 8;
const HEADER_BYTES = 16;

const ARRAYS = { f32: Float32Array, f64: Float64Array, u16: Uint16Array, u8: Uint8Array } as const;
type ArrayKind = keyof typeof ARRAYS;
type NumberArray = InstanceType<(typeof ARRAYS)[ArrayKind]>;
const KINDS = Object.keys(ARRAYS) as ArrayKind[];

interface ArrayReference {
  readonly $array: ArrayKind;
  readonly offset: number;
  readonly length: number;
}

/** Packs plain data holding number arrays into bytes: magic, version, JSON with references, then the arrays, aligned and little-endian. */
export function encodeState(state: unknown): Uint8Array {
  const arrays: { readonly bytes: Uint8Array; readonly offset: number }[] = [];
  let size = 0;
  const json = JSON.stringify(state, (_key, value: unknown) => {
    const kind = kindOf(value);
    if (kind === null) return value;
    const array = value as NumberArray;
    const reference: ArrayReference = { $array: kind, offset: size, length: array.length };
    arrays.push({ bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength), offset: size });
    size += align(array.byteLength);
    return reference;
  });
  const text = new TextEncoder().encode(json);
  const bodyStart = HEADER_BYTES + align(text.length);
  const out = new Uint8Array(bodyStart + size);
  const view = new DataView(out.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, VERSION);
  view.setUint32(8, text.length);
  out.set(text, HEADER_BYTES);
  for (const { bytes, offset } of arrays) out.set(bytes, bodyStart + offset);
  return out;
}

/** The reverse of `encodeState`; numbers come back bit-equal. Throws VDT_SCORER_STATE_UNREADABLE. */
export function decodeState(encoded: Uint8Array): unknown {
  // A Buffer's slices are Buffers, which JSON writes its own way the next time: plain bytes come out whatever comes in.
  const bytes = new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== MAGIC) {
    throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'these bytes are no scorer state' });
  }
  const version = view.getUint32(4);
  if (version < 1 || version > VERSION) {
    throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: `layout ${version} instead of ${VERSION}` });
  }
  const textLength = view.getUint32(8);
  const bodyStart = HEADER_BYTES + align(textLength);
  try {
    const text = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, HEADER_BYTES + textLength));
    return JSON.parse(text, (_key, value: unknown) =>
      isReference(value) ? readArray(bytes, bodyStart + value.offset, value) : value,
    );
  } catch (cause) {
    throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'it is cut off or damaged' }, { cause });
  }
}

function readArray(bytes: Uint8Array, start: number, reference: ArrayReference): NumberArray {
  const ArrayOfKind = ARRAYS[reference.$array];
  const end = start + reference.length * ArrayOfKind.BYTES_PER_ELEMENT;
  if (end > bytes.length) throw new RangeError('array beyond the end');
  return new ArrayOfKind(bytes.slice(start, end).buffer);
}

function kindOf(value: unknown): ArrayKind | null {
  return KINDS.find((kind) => value instanceof ARRAYS[kind]) ?? null;
}

function isReference(value: unknown): value is ArrayReference {
  return typeof value === 'object' && value !== null && '$array' in value;
}

function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
