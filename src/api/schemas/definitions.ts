import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import type { CameraDefinitions } from '../ports.ts';
import { cameraIdSchema, nullable, strict, timeSchema } from './common.ts';

const MAXIMUM_TEXTS = 16;
const MAXIMUM_EXAMPLES = 4;

const text = (description: string) =>
  Type.String({ minLength: 1, maxLength: 300, pattern: '\\S', description: `${description} At most 300 characters.` });

const abnormalSchema = Type.Object(
  {
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 80,
        pattern: '\\S',
        description: 'What incidents are called by it; the text where left out.',
      }),
    ),
    text: text('What is abnormal here, as a picture would be described in English: "a person lying on the floor".'),
    examples: Type.Optional(
      Type.Array(text('The same in other words.'), {
        maxItems: MAXIMUM_EXAMPLES,
        description: 'They are averaged with the text.',
      }),
    ),
  },
  strict,
);

export const definitionsInputSchema = Type.Object(
  {
    abnormal: Type.Array(abnormalSchema, { minItems: 1, maxItems: MAXIMUM_TEXTS }),
    normal: Type.Optional(
      Type.Array(text('What is normal here.'), {
        maxItems: MAXIMUM_TEXTS,
        description:
          'A definition counts as far as a picture is more like it than like these. Without any, built-in ones of ordinary scenes are used.',
      }),
    ),
  },
  {
    ...strict,
    examples: [
      {
        abnormal: [
          { name: 'fall', text: 'a person lying on the floor', examples: ['somebody has fallen down'] },
          { text: 'two people fighting' },
        ],
        normal: ['people walking through a hall', 'an empty hall'],
      },
    ],
  },
);

export const definitionsSchema = Type.Object(
  {
    camera: cameraIdSchema,
    pack: nullable(
      Type.String({
        description: 'The camera’s pack that reads the texts; null where none can, so that they do not count.',
      }),
    ),
    abnormal: Type.Array(
      Type.Object({ name: Type.String(), text: Type.String(), examples: Type.Array(Type.String()) }),
    ),
    normal: Type.Array(Type.String()),
    by: nullable(Type.String({ description: 'Who wrote them; null where there are none.' })),
    updated: nullable(timeSchema),
  },
  {
    examples: [
      {
        camera: 'front-door',
        pack: 'clip-vit-b16',
        abnormal: [{ name: 'fall', text: 'a person lying on the floor', examples: ['somebody has fallen down'] }],
        normal: ['people walking through a hall', 'an empty hall'],
        by: 'key_3m0g6k2v9qzt8w1hr5xb7cdny',
        updated: '2026-03-01T12:05:00.000Z',
      },
    ],
  },
);

export function definitionsView(
  camera: string,
  definitions: CameraDefinitions | null,
  pack: string | null,
): Static<typeof definitionsSchema> {
  return {
    camera,
    pack,
    abnormal: (definitions?.abnormal ?? []).map(({ name, text: own, examples }) => ({
      name,
      text: own,
      examples: [...examples],
    })),
    normal: [...(definitions?.normal ?? [])],
    by: definitions?.by ?? null,
    updated: definitions ? toRfc3339(definitions.updatedMs) : null,
  };
}
