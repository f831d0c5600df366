/** Number formats that become float32; files name others too, which no network of ours takes. */
export type ElementType = 'f16' | 'bf16' | 'f32' | 'f64' | 'other';

/** How many bytes an element has, and what it is. `name` is the file's own. */
export interface ElementFormat {
  readonly name: string;
  readonly type: ElementType;
  readonly sizeBytes: number;
}

/**
 * Float32 of `count` elements that lie one after the other, little endian, from byte `offset` of `bytes`. f16 and bf16 are exact, f64 is
 * rounded to the nearest. Vedette runs on little-endian machines only, as ONNX Runtime's builds for Node do.
 */
export function toFloat32(type: Exclude<ElementType, 'other'>, bytes: Buffer, offset: number, count: number) {
  const floats = new Float32Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, count * SIZES[type]);
  switch (type) {
    case 'f32':
      new Uint8Array(floats.buffer).set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength)); // keeps each bit of a NaN
      break;
    case 'f64':
      for (let i = 0; i < count; i++) floats[i] = view.getFloat64(8 * i, true);
      break;
    case 'bf16': {
      const bits = new Uint32Array(floats.buffer);
      for (let i = 0; i < count; i++) bits[i] = view.getUint16(2 * i, true) << 16;
      break;
    }
    case 'f16': {
      const bits = new Uint32Array(floats.buffer);
      const table = halves();
      for (let i = 0; i < count; i++) bits[i] = table[view.getUint16(2 * i, true)] ?? 0;
      break;
    }
  }
  return floats;
}

const SIZES = { f16: 2, bf16: 2, f32: 4, f64: 8 } as const;

let table: Uint32Array | undefined;

/** The float32 bits of each of the 65,536 half floats (IEEE 754 binary16). */
function halves(): Uint32Array {
  table ??= Uint32Array.from({ length: 0x1_00_00 }, (_, half) => {
    const sign = (half & 0x80_00) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3_ff;
    if (exponent === 0x1f) return (sign | 0x7f_80_00_00 | (fraction << 13)) >>> 0;
    if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
    const subnormal = new Uint32Array(new Float32Array([fraction * 2 ** -24]).buffer)[0] ?? 0;
    return (sign | subnormal) >>> 0;
  });
  return table;
}
