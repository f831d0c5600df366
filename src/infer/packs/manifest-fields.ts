import { Type } from 'typebox';
import { packFileSchema } from './pack-file.ts';

const strict = { additionalProperties: false } as const;

/** Fields of every pack. */
export const commonFields = {
  id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  version: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
  task: Type.String({ minLength: 1 }),
  description: Type.Optional(Type.String()),
  licence: Type.String({ minLength: 1, description: 'SPDX identifier.' }),
  source: Type.Optional(Type.String()),
  files: Type.Array(packFileSchema, { minItems: 1, description: 'The first .onnx file is the model.' }),
  trainedOn: Type.Optional(Type.String()),
  measured: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
};

/** The cascade: the pack runs only while another cue of the camera is surprised, and for a while after. */
export const runWhenSchema = Type.Object(
  {
    cue: Type.Literal('motion'),
    surprise: Type.Number({ minimum: 0, description: 'Nats from which on it runs.' }),
    holdSeconds: Type.Number({ minimum: 0, maximum: 3_600 }),
  },
  strict,
);
