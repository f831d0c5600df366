import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { elementsOf } from './stored-tensor.ts';

const count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const layoutSchema = Type.Object({
  sizeBytes: count,
  tensors: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      shape: Type.Array(count, { maxItems: 16 }),
      offset: count,
      bytes: count,
      source: Type.Optional(Type.String({ minLength: 1 })),
    }),
    { minItems: 1 },
  ),
});

/**
 * `FILE.tensors.json`: where each tensor lies in a weights file, as float32, little endian. `source` names it in the checkpoint where that
 * differs from `name`.
 */
export type WeightsLayout = Static<typeof layoutSchema>;
export type PlacedTensor = WeightsLayout['tensors'][number];

/** Places in the file begin at multiples of this, bytes. */
const ALIGNMENT_BYTES = 64;

/** Reads a tensors.json; its tensors come back in the order of their places. What is wrong with it, where something is. */
export function parseWeightsLayout(text: string): { readonly layout: WeightsLayout } | { readonly fault: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { fault: 'is not JSON' };
  }
  if (!Value.Check(layoutSchema, value)) {
    const first = Value.Errors(layoutSchema, value)[0];
    return { fault: `${first?.instancePath ?? ''} ${first?.message ?? 'is not as it should be'}`.trim() };
  }
  const tensors = value.tensors.toSorted((one, other) => one.offset - other.offset);
  let end = 0;
  for (const { name, shape, offset, bytes } of tensors) {
    if (offset % ALIGNMENT_BYTES !== 0)
      return { fault: `${name} lies at ${offset}, not a multiple of ${ALIGNMENT_BYTES}` };
    if (offset < end) return { fault: `${name} lies upon the tensor before it` };
    if (bytes !== 4 * elementsOf(shape))
      return { fault: `${name} has ${bytes} bytes for [${shape.join(', ')}] float32` };
    end = offset + bytes;
  }
  return end > value.sizeBytes
    ? { fault: `its tensors end at ${end}, its sizeBytes is ${value.sizeBytes}` }
    : { layout: { sizeBytes: value.sizeBytes, tensors } };
}
