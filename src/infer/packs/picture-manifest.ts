import { type Static, Type } from 'typebox';
import type { ClipSampling, Sampling } from '../../bus/sampling.ts';
import type { PixelFormat } from '../../bus/segment.ts';
import type { VedetteError } from '../../platform/errors.ts';
import { commonFields, runWhenSchema } from './manifest-fields.ts';

const strict = { additionalProperties: false } as const;

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
    source: Type.Optional(
      Type.Union([Type.Literal('frames'), Type.Literal('clip')], {
        description:
          'Of an extractor. frames: the segment’s own gray frames; clip: the coloured pictures up to the segment’s end. Default: frames.',
      }),
    ),
    resize: Type.Optional(
      Type.Object(
        {
          width: Type.Integer({ minimum: 1, maximum: 4096 }),
          height: Type.Integer({ minimum: 1, maximum: 4096 }),
        },
        {
          ...strict,
          description: 'Of a clip: it is stretched to this, then the centre of the input’s size is cut out.',
        },
      ),
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

const textSchema = Type.Object(
  {
    model: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*\\.onnx$', description: 'File of the text tower.' }),
    input: Type.String({ minLength: 1, description: 'Name of its input, int64 [N, contextLength], padded with 0.' }),
    contextLength: Type.Integer({ minimum: 2, maximum: 4096 }),
    output: Type.String({ minLength: 1, description: 'Name of its output, float32 [N, D], not normalised.' }),
    vocabulary: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]*$', description: 'File of the merges, gzipped.' }),
    logitScale: Type.Number({ exclusiveMinimum: 0 }),
  },
  { ...strict, description: 'The tower that brings texts into the space of the pictures.' },
);

/** A pack that looks at pictures. */
export const pictureManifestSchema = Type.Object(
  {
    ...commonFields,
    kind: Type.Union([Type.Literal('extractor'), Type.Literal('detector')]),
    input: inputSchema,
    output: outputSchema,
    lattice: Type.Optional(latticeSchema),
    detector: Type.Optional(detectorSchema),
    text: Type.Optional(textSchema),
    runWhen: Type.Optional(runWhenSchema),
  },
  strict,
);

export type PictureManifest = Static<typeof pictureManifestSchema>;
export type DetectorManifest = NonNullable<PictureManifest['detector']>;

/** Cells of YOLOX's three maps, pixels of the input. */
export const YOLOX_STRIDES = [8, 16, 32] as const;
/** Cell of FastestDet's only map, pixels of the input. */
export const FASTEST_DET_STRIDE = 16;

/** What an architecture's output must look like, without the batch. */
function detectorDims(
  { architecture, classes }: DetectorManifest,
  { width, height }: Pick<PictureManifest['input'], 'width' | 'height'>,
): number[] {
  const cells = (stride: number) => Math.floor(width / stride) * Math.floor(height / stride);
  const values = 5 + classes.length;
  return architecture === 'yolox'
    ? [YOLOX_STRIDES.reduce((sum, stride) => sum + cells(stride), 0), values]
    : [values, Math.floor(height / FASTEST_DET_STRIDE), Math.floor(width / FASTEST_DET_STRIDE)];
}

type Refuse = (field: string, reason: string) => VedetteError;

/** Throws what `refuse` makes of what the schema cannot say. */
export function checkPicture(manifest: PictureManifest, refuse: Refuse): void {
  const { channels, layout, mean, std, type, valueRange } = manifest.input;
  if (channels === 3 && layout === 'NTHW') throw refuse('input.layout', 'NTHW has no place for three channels');
  for (const [name, list] of [['mean', mean] as const, ['std', std] as const]) {
    if (list && list.length !== channels)
      throw refuse(`input.${name}`, `needs one number for each of ${channels} channels`);
  }
  if (type === 'uint8' && (mean || std || valueRange)) {
    throw refuse('input.type', 'uint8 pixels are handed over as they are: mean, std and valueRange have no effect');
  }
  if (manifest.runWhen && !isEmbedding(manifest)) {
    throw refuse('runWhen', 'is for packs that describe a segment by one vector: the others always look');
  }
  if (manifest.kind === 'detector') checkDetector(manifest, refuse);
  else checkExtractor(manifest, refuse);
}

function checkExtractor({ detector, files, input, lattice, output, text }: PictureManifest, refuse: Refuse): void {
  if (detector) throw refuse('detector', 'belongs into a pack of kind detector');
  if (output.dims.length === 2) throw refuse('output.dims', 'must be [rows, columns, channels] or [channels]');
  if (!input.layout.includes('T')) throw refuse('input.layout', `${input.layout} has no place for frames`);
  if (input.channelOrder) throw refuse('input.channelOrder', 'is for detectors: segments are gray8 or rgb24');
  if (input.source === 'clip') {
    if (input.channels !== 3) throw refuse('input.channels', 'must be 3: a clip is coloured');
    if (output.dims.length !== 1) throw refuse('output.dims', 'must be [channels] for a clip');
    if (input.resize && (input.resize.width < input.width || input.resize.height < input.height)) {
      throw refuse('input.resize', 'is smaller than the input that is cut out of it');
    }
  } else if (input.resize) throw refuse('input.resize', 'is for clips: input.source must be clip');
  if (lattice && output.dims.length === 1) throw refuse('lattice', 'is for grids: output.dims has one number');
  for (const file of text ? [text.model, text.vocabulary] : []) {
    if (!files.some(({ path }) => path === file)) throw refuse('text', `names ${file}, which is not among the files`);
  }
  if (lattice && lattice.meaning.length !== lattice.dims[2]) {
    throw refuse('lattice.meaning', `needs one name for each of ${lattice.dims[2] ?? 0} channels`);
  }
}

function checkDetector({ detector, input, lattice, output, text }: PictureManifest, refuse: Refuse): void {
  if (!detector) throw refuse('detector', 'is missing: a detector needs it');
  if (lattice) throw refuse('lattice', 'is for extractors');
  if (text) throw refuse('text', 'is for extractors');
  if (input.source || input.resize) throw refuse('input', 'takes source and resize in an extractor only');
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

/** Size of the still picture that a detector looks at, pixels; null for other packs. */
export function stillSizeOf({
  detector,
  input,
}: PictureManifest): { readonly width: number; readonly height: number } | null {
  if (!detector) return null;
  // halves: two squares that share a third of the picture
  return { width: detector.tiles === 'halves' ? Math.round(1.5 * input.height) : input.width, height: input.height };
}

/** How a camera's stream must be sampled for this pack. */
export function samplingOf({ input }: PictureManifest): Sampling {
  return {
    framesPerSecond: input.framesPerSecond,
    width: input.width,
    height: input.height,
    pixelFormat: pixelFormatOf(input),
    framesPerSegment: input.frames,
  };
}

/** The clip that comes with each segment for this pack; null for a pack that takes the segment's own frames. */
export function clipSamplingOf({ input }: PictureManifest): ClipSampling | null {
  if (input.source !== 'clip') return null;
  const { width, height } = input.resize ?? input;
  return { framesPerSecond: input.framesPerSecond, frames: input.frames, width, height };
}

/** Whether the pack describes a whole segment by one vector; else cell by cell of a grid. */
export function isEmbedding({ kind, output }: PictureManifest): boolean {
  return kind === 'extractor' && output.dims.length === 1;
}

export function pixelFormatOf(input: PictureManifest['input']): PixelFormat {
  return input.channels === 1 ? 'gray8' : 'rgb24';
}

/** Length of a segment, seconds. */
export function segmentSecondsOf({ input }: PictureManifest): number {
  return input.frames / input.framesPerSecond;
}

/** Shape of the features of one segment. */
export function featureShapeOf({ output }: PictureManifest): { rows: number; columns: number; channels: number } {
  const [first = 1, second = 1, third] = output.dims;
  return third === undefined
    ? { rows: 1, columns: 1, channels: first }
    : { rows: first, columns: second, channels: third };
}

/** Shape of the lattice of one segment; null where the pack gives none. */
export function latticeShapeOf({
  lattice,
}: PictureManifest): { readonly rows: number; readonly columns: number; readonly channels: number } | null {
  const [rows, columns, channels] = lattice?.dims ?? [];
  return rows === undefined || columns === undefined || channels === undefined ? null : { rows, columns, channels };
}
