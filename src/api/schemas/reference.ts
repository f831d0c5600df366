import { type Static, Type } from 'typebox';
import { toRfc3339 } from '../../platform/clock.ts';
import type { CameraReference } from '../ports.ts';
import { idSchema, nullable, oneOf, timeSchema } from './common.ts';

export const referenceSchema = Type.Object(
  {
    id: idSchema('ref'),
    verdict: oneOf(['confirmed', 'dismissed'], {
      description: 'What looks like it counts for more (confirmed) or for little (dismissed).',
    }),
    incident: nullable(Type.String({ description: 'The reviewed incident; null when it was deleted since, by age.' })),
    label: nullable(Type.String()),
    moment: nullable(timeSchema),
    moments: Type.Integer({ description: 'How many moments of the incident are compared with.' }),
    by: Type.String({ description: 'Whose review made it.' }),
    created: timeSchema,
  },
  {
    examples: [
      {
        id: 'ref_3m0g6k2v9qzt8w1hr5xb7cdny',
        verdict: 'dismissed',
        incident: 'inc_3m0g6k2v9qzt8w1hr5xb7cdny',
        label: 'delivery van',
        moment: null,
        moments: 5,
        by: 'key_3m0g6k2v9qzt8w1hr5xb7cdny',
        created: '2026-03-01T12:05:00.000Z',
      },
    ],
  },
);

export function referenceView(reference: CameraReference): Static<typeof referenceSchema> {
  return {
    id: reference.id,
    verdict: reference.verdict,
    incident: reference.incidentId,
    label: reference.label,
    moment: reference.momentMs === null ? null : toRfc3339(reference.momentMs),
    moments: reference.moments.length,
    by: reference.by,
    created: toRfc3339(reference.createdMs),
  };
}
