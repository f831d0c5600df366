import { problem } from '../platform/errors.ts';

/** "VDTS" and the layout's version: the second knows 16-bit arrays besides. A scorer never reads a state of a later version. */
const MAGIC = 0x56445453;
const VERSION = 2;
const ALIGNMENT = 8;
const HEADER_BYTES = 16;

type NumberArray = Float32Array | Float64Array | Uint16Array | Uint8Array;
type ArrayKind = 'f32' | 'f64' | 'u16' | 'u8';
const WIDTHS: Readonly<Record<ArrayKind, number>> = { f32: 4, f64: 8, u16: 2, u8: 1 };
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
  const width = WIDTHS[reference.$array];
  const end = start + reference.length * width;
  if (end > bytes.length) throw new RangeError('array beyond the end');
  const copy = bytes.slice(start, end);
  if (reference.$array === 'u8') return copy;
  if (reference.$array === 'u16') return new Uint16Array(copy.buffer);
  return reference.$array === 'f64' ? new Float64Array(copy.buffer) : new Float32Array(copy.buffer);
}

function kindOf(value: unknown): ArrayKind | null {
  if (value instanceof Float32Array) return 'f32';
  if (value instanceof Float64Array) return 'f64';
  if (value instanceof Uint16Array) return 'u16';
  return value instanceof Uint8Array ? 'u8' : null;
}

function isReference(value: unknown): value is ArrayReference {
  return typeof value === 'object' && value !== null && '$array' in value;
}

function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}
