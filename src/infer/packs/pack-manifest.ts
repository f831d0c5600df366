import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Sampling } from '../../bus/sampling.ts';
import type { PixelFormat } from '../../bus/segment.ts';
import { problem } from '../../platform/errors.ts';

const strict = { additionalProperties: false } as const;

const fileSchema = Type.Object(
  {
    path: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description: 'Name in the pack’s folder.' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    source: Type.Optional(Type.String({ description: 'Where it comes from: a URL, or how it was made.' })),
  },
  strict,
);

const inputSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name of the graph’s input.' }),
    framesPerSecond: Type.Number({ exclusiveMinimum: 0, maximum: 120 }),
    frames: Type.Integer({ minimum: 1, maximum: 512, description: 'Frames of a segment, T.' }),
    height: Type.Integer({ minimum: 1, maximum: 4096 }),
    width: Type.Integer({ minimum: 1, maximum: 4096 }),
    channels: Type.Union([Type.Literal(1), Type.Literal(3)], { description: '1: gray8, 3: rgb24.' }),
    layout: Type.Union([Type.Literal('NTHW'), Type.Literal('NTHWC'), Type.Literal('NTCHW'), Type.Literal('NCTHW')], {
      description: 'Order of the dimensions: batch N, frames T, rows H, columns W, channels C.',
    }),
    type: Type.Union([Type.Literal('uint8'), Type.Literal('float32')]),
    valueRange: Type.Optional(
      Type.Tuple([Type.Number(), Type.Number()], {
        description: 'What pixel 0 and pixel 255 become before mean and std; float32 only. Default: 0 and 255.',
      }),
    ),
    mean: Type.Optional(Type.Array(Type.Number(), { minItems: 1, maxItems: 3 })),
    std: Type.Optional(Type.Array(Type.Number({ exclusiveMinimum: 0 }), { minItems: 1, maxItems: 3 })),
  },
  strict,
);

const outputSchema = Type.Object(
  {
    name: Type.String({ minLength: 1 }),
    dims: Type.Array(Type.Integer({ minimum: 1 }), {
      minItems: 1,
      maxItems: 3,
      description: 'Without the batch: [rows, columns, channels], or [channels] for one descriptor a segment.',
    }),
    meaning: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { minItems: 1 })], {
      description: 'In a sentence, or the name of each channel.',
    }),
  },
  strict,
);

/** `models/<id>/pack.json`: what a model is, where it comes from, what goes in and what comes out. */
export const packManifestSchema = Type.Object(
  {
    id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
    version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
    kind: Type.Union([Type.Literal('extractor'), Type.Literal('head'), Type.Literal('detector'), Type.Literal('text')]),
    task: Type.String({ minLength: 1 }),
    description: Type.Optional(Type.String()),
    licence: Type.String({ minLength: 1, description: 'SPDX identifier.' }),
    source: Type.Optional(Type.String()),
    files: Type.Array(fileSchema, { minItems: 1, description: 'The first .onnx file is the model.' }),
    input: inputSchema,
    output: outputSchema,
    extractor: Type.Optional(Type.String({ description: 'For a head: the extractor that it needs.' })),
    trainedOn: Type.Optional(Type.String()),
    measured: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
  },
  strict,
);

export type PackManifest = Static<typeof packManifestSchema>;

/** Checks the text of a pack.json found in the folder `folder`. Throws VDT_PACK_INVALID with the field and the reason. */
export function parsePackManifest(folder: string, text: string): PackManifest {
  const refuse = (field: string, reason: string) => problem('VDT_PACK_INVALID', { pack: folder, field, reason });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('pack.json', 'is not JSON');
  }
  if (!Value.Check(packManifestSchema, value)) {
    const first = Value.Errors(packManifestSchema, value)[0];
    const params = JSON.stringify(first?.params ?? {});
    throw refuse(fieldName(first?.instancePath), `${first?.message ?? 'is not as it should be'} ${params}`);
  }
  if (value.id !== folder) throw refuse('id', `is ${value.id}, but the folder is called ${folder}`);
  const { channels, layout, mean, std, type, valueRange } = value.input;
  if (!value.files.some(({ path }) => path.endsWith('.onnx'))) throw refuse('files', 'names no .onnx file');
  if (channels === 3 && layout === 'NTHW') throw refuse('input.layout', 'NTHW has no place for three channels');
  for (const [name, list] of [['mean', mean] as const, ['std', std] as const]) {
    if (list && list.length !== channels)
      throw refuse(`input.${name}`, `needs one number for each of ${channels} channels`);
  }
  if (type === 'uint8' && (mean || std || valueRange)) {
    throw refuse('input.type', 'uint8 pixels are handed over as they are: mean, std and valueRange have no effect');
  }
  if (value.output.dims.length === 2) throw refuse('output.dims', 'must be [rows, columns, channels] or [channels]');
  if (value.kind === 'head' && !value.extractor) throw refuse('extractor', 'is missing: a head needs one');
  return value;
}

function fieldName(pointer: string | undefined): string {
  return (pointer ?? '').slice(1).replaceAll('/', '.') || 'pack.json';
}

/** How a camera's stream must be sampled for this pack. */
export function samplingOf({ input }: PackManifest): Sampling {
  return {
    framesPerSecond: input.framesPerSecond,
    width: input.width,
    height: input.height,
    pixelFormat: pixelFormatOf(input),
    framesPerSegment: input.frames,
  };
}

export function pixelFormatOf(input: PackManifest['input']): PixelFormat {
  return input.channels === 1 ? 'gray8' : 'rgb24';
}

/** Length of a segment, seconds. */
export function segmentSecondsOf({ input }: PackManifest): number {
  return input.frames / input.framesPerSecond;
}

/** Shape of the features of one segment. */
export function featureShapeOf({ output }: PackManifest): { rows: number; columns: number; channels: number } {
  const [first = 1, second = 1, third] = output.dims;
  return third === undefined
    ? { rows: 1, columns: 1, channels: first }
    : { rows: first, columns: second, channels: third };
}
