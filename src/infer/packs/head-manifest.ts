import { type Static, Type } from 'typebox';
import type { VedetteError } from '../../platform/errors.ts';
import { commonFields } from './manifest-fields.ts';

const strict = { additionalProperties: false } as const;

/**
 * A head: reads the last `window` descriptors that an extractor made of a camera's segments and says how abnormal the newest is.
 *
 * Graph: input `features.name` float32 [N, window, dims], the oldest first, the newest last; where the extractor did not look (start
 * of an epoch, lost segments) zeros, and `features.present` float32 [N, window] 0, elsewhere 1. Output `output.name` float32 [N, 1],
 * 0 to 1, for the newest; `experts.name` float32 [N, classes], calibrated, 0 to 1.
 */
export const headManifestSchema = Type.Object(
  {
    ...commonFields,
    kind: Type.Literal('head'),
    extractor: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'Pack whose descriptors it reads.' }),
    extractorVersion: Type.String({ pattern: '^\\d+\\.\\d+\\.\\d+$' }),
    features: Type.Object(
      {
        name: Type.String({ minLength: 1, description: 'Name of the graph’s input.' }),
        dims: Type.Integer({ minimum: 1, maximum: 65_536, description: 'Numbers of a descriptor.' }),
        window: Type.Integer({ minimum: 1, maximum: 4_096, description: 'Segments that it sees at once.' }),
        normalise: Type.Union([Type.Literal('none'), Type.Literal('l2')], {
          description: 'l2: each descriptor is divided by its length first.',
        }),
        present: Type.Optional(
          Type.String({ minLength: 1, description: 'Name of the input that marks what is there.' }),
        ),
      },
      strict,
    ),
    output: Type.Object({ name: Type.String({ minLength: 1 }) }, strict),
    experts: Type.Optional(
      Type.Object(
        {
          name: Type.String({ minLength: 1, description: 'Name of the graph’s output.' }),
          classes: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
            minItems: 1,
            maxItems: 256,
            description: 'What each expert fires on, in the order of the output.',
          }),
        },
        strict,
      ),
    ),
    threshold: Type.Number({ minimum: 0, maximum: 1, description: 'Of the detector as deployed.' }),
    causal: Type.Literal(true),
  },
  strict,
);

export type HeadManifest = Static<typeof headManifestSchema>;

/** Throws what `refuse` makes of what the schema cannot say. */
export function checkHead(
  { experts, id, extractor }: HeadManifest,
  refuse: (field: string, reason: string) => VedetteError,
) {
  if (extractor === id) throw refuse('extractor', 'is the pack itself');
  if (experts && new Set(experts.classes).size !== experts.classes.length) {
    throw refuse('experts.classes', 'has a name twice');
  }
}
