import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Sampling } from '../../bus/sampling.ts';
import type { PixelFormat } from '../../bus/segment.ts';
import { problem, type VedetteError } from '../../platform/errors.ts';

const strict = { additionalProperties: false } as const;

const fileSchema = Type.Object(
  {
    path: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description: 'Name in the pack’s folder.' }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    source: Type.Optional(
      Type.String({ description: 'Where it comes from: a URL that "vedette models pull" reads, or how it was made.' }),
    ),
    alternatives: Type.Optional(
      Type.Array(
        Type.Object(
          {
            sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
            sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
            source: Type.Optional(Type.String()),
          },
          strict,
        ),
        { description: 'Other files that do as well: the same network, exported another time.' },
      ),
    ),
  },
  strict,
);

const inputSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name of the graph’s input.' }),
    framesPerSecond: Type.Number({
      exclusiveMinimum: 0,
      maximum: 120,
      description: 'Frames a second; of a detector, the most pictures a second that it wants (it gets one a segment).',
    }),
    frames: Type.Integer({ minimum: 1, maximum: 512, description: 'Frames of a segment, T; 1 for a detector.' }),
    height: Type.Integer({ minimum: 1, maximum: 4096 }),
    width: Type.Integer({ minimum: 1, maximum: 4096 }),
    channels: Type.Union([Type.Literal(1), Type.Literal(3)], { description: '1: gray8, 3: rgb24.' }),
    layout: Type.Union(
      [
        Type.Literal('NTHW'),
        Type.Literal('NTHWC'),
        Type.Literal('NTCHW'),
        Type.Literal('NCTHW'),
        Type.Literal('NCHW'),
        Type.Literal('NHWC'),
      ],
      {
        description:
          'Order of the dimensions: batch N, frames T, rows H, columns W, channels C. Without T: a single picture.',
      },
    ),
    channelOrder: Type.Optional(
      Type.Union([Type.Literal('rgb'), Type.Literal('bgr')], { description: 'Of a detector. Default: rgb.' }),
    ),
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

const latticeSchema = Type.Object(
  {
    name: Type.String({ minLength: 1, description: 'Name of the graph’s output.' }),
    dims: Type.Array(Type.Integer({ minimum: 1 }), {
      minItems: 3,
      maxItems: 3,
      description: 'Without the batch: [rows, columns, channels].',
    }),
    meaning: Type.Array(Type.String({ minLength: 1 }), { minItems: 1, description: 'Name of each channel.' }),
  },
  strict,
);

const detectorSchema = Type.Object(
  {
    architecture: Type.Union([Type.Literal('yolox'), Type.Literal('fastestdet')], {
      description: 'How its output is read.',
    }),
    classes: Type.Array(Type.String({ minLength: 1 }), {
      minItems: 1,
      description: 'Names, in the order of the output.',
    }),
    tiles: Type.Union([Type.Literal('whole'), Type.Literal('halves')], {
      description:
        'whole: the picture is stretched to the input; halves: two overlapping squares side by side, each of the picture’s height.',
    }),
    confidence: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Objects below it are dropped.' }),
    overlap: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Of two boxes of one class that share more than this (intersection over union) the weaker goes.',
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
    lattice: Type.Optional(latticeSchema),
    detector: Type.Optional(detectorSchema),
    extractor: Type.Optional(Type.String({ description: 'For a head: the extractor that it needs.' })),
    trainedOn: Type.Optional(Type.String()),
    measured: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
  },
  strict,
);

export type PackManifest = Static<typeof packManifestSchema>;
export type DetectorManifest = NonNullable<PackManifest['detector']>;

/** Cells of YOLOX's three maps, pixels of the input. */
export const YOLOX_STRIDES = [8, 16, 32] as const;
/** Cell of FastestDet's only map, pixels of the input. */
export const FASTEST_DET_STRIDE = 16;

/** What an architecture's output must look like, without the batch. */
function detectorDims(
  { architecture, classes }: DetectorManifest,
  { width, height }: Pick<PackManifest['input'], 'width' | 'height'>,
): number[] {
  const cells = (stride: number) => Math.floor(width / stride) * Math.floor(height / stride);
  const values = 5 + classes.length;
  return architecture === 'yolox'
    ? [YOLOX_STRIDES.reduce((sum, stride) => sum + cells(stride), 0), values]
    : [values, Math.floor(height / FASTEST_DET_STRIDE), Math.floor(width / FASTEST_DET_STRIDE)];
}

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
  if (value.kind === 'detector') checkDetector(value, refuse);
  else checkExtractor(value, refuse);
  if (value.kind === 'head' && !value.extractor) throw refuse('extractor', 'is missing: a head needs one');
  return value;
}

type Refuse = (field: string, reason: string) => VedetteError;

function checkExtractor({ detector, input, lattice, output }: PackManifest, refuse: Refuse): void {
  if (detector) throw refuse('detector', 'belongs into a pack of kind detector');
  if (output.dims.length === 2) throw refuse('output.dims', 'must be [rows, columns, channels] or [channels]');
  if (!input.layout.includes('T')) throw refuse('input.layout', `${input.layout} has no place for frames`);
  if (input.channelOrder) throw refuse('input.channelOrder', 'is for detectors: segments are gray8 or rgb24');
  if (lattice && lattice.meaning.length !== lattice.dims[2]) {
    throw refuse('lattice.meaning', `needs one name for each of ${lattice.dims[2] ?? 0} channels`);
  }
}

function checkDetector({ detector, input, lattice, output }: PackManifest, refuse: Refuse): void {
  if (!detector) throw refuse('detector', 'is missing: a detector needs it');
  if (lattice) throw refuse('lattice', 'is for extractors');
  if (input.frames !== 1) throw refuse('input.frames', 'must be 1: a detector looks at one picture');
  if (input.channels !== 3) throw refuse('input.channels', 'must be 3: a detector looks at colours');
  if (input.type !== 'float32') throw refuse('input.type', 'must be float32');
  if (input.layout !== 'NCHW' && input.layout !== 'NHWC') throw refuse('input.layout', 'must be NCHW or NHWC');
  if (detector.tiles === 'halves' && input.width !== input.height) throw refuse('detector.tiles', 'halves are squares');
  if (new Set(detector.classes).size !== detector.classes.length) throw refuse('detector.classes', 'has a name twice');
  const dims = detectorDims(detector, input);
  if (JSON.stringify(dims) !== JSON.stringify(output.dims)) {
    throw refuse(
      'output.dims',
      `must be [${dims.join(', ')}] for ${detector.architecture} of this size and these classes`,
    );
  }
}

function fieldName(pointer: string | undefined): string {
  return (pointer ?? '').slice(1).replaceAll('/', '.') || 'pack.json';
}

/** Size of the still picture that a detector looks at, pixels; null for other packs. */
export function stillSizeOf({
  detector,
  input,
}: PackManifest): { readonly width: number; readonly height: number } | null {
  if (!detector) return null;
  // halves: two squares that share a third of the picture
  return { width: detector.tiles === 'halves' ? Math.round(1.5 * input.height) : input.width, height: input.height };
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

/** Shape of the lattice of one segment; null where the pack gives none. */
export function latticeShapeOf({
  lattice,
}: PackManifest): { readonly rows: number; readonly columns: number; readonly channels: number } | null {
  const [rows, columns, channels] = lattice?.dims ?? [];
  return rows === undefined || columns === undefined || channels === undefined ? null : { rows, columns, channels };
}
