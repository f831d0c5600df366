import { Type } from 'typebox';
import { cameraIdSchema, nullable, oneOf, time } from './common.ts';

const count = (description: string) => Type.Integer({ minimum: 0, description });

/** Answer of `GET /v1/cameras/{id}/budget`. */
export const budgetSchema = Type.Object(
  {
    camera: Type.Object({ id: cameraIdSchema }),
    from: time(),
    to: time(),
    perDay: Type.Number({ description: 'The budget that was tried, false alerts a day.' }),
    alerts: count('Alerts that this budget would have given.'),
    reviews: count('Incidents for review alone.'),
    alertsPerDay: nullable(Type.Number({ description: 'Alerts a watched day; null without watched time.' })),
    watchedDays: Type.Number({ description: 'Time with scores that counted, days.' }),
    missingSeconds: Type.Number({
      description:
        'Time of the range without such a score: the camera was away, learning, unhealthy, or its scores were deleted.',
    }),
    incidents: Type.Array(
      Type.Object({
        decision: oneOf(['alert', 'review']),
        onset: time(),
        opened: time(),
        lastAnomalous: time(),
        closed: nullable(time('Null where it was still open at the end.')),
        peakScore: Type.Number({ description: '0 to 1.' }),
      }),
      { description: 'In order of opening, the first 500.' },
    ),
    actual: Type.Object(
      {
        perDay: Type.Number({ description: 'The budget of the camera now.' }),
        alerts: count('Alerts that there were.'),
        reviews: count('Incidents for review alone that there were.'),
        dismissed: count('Of both, those that somebody dismissed.'),
      },
      { description: 'What there was in the same time, by incidents whose onset lies in it.' },
    ),
  },
  {
    examples: [
      {
        camera: { id: 'front-door' },
        from: '2026-03-01T00:00:00.000Z',
        to: '2026-03-08T00:00:00.000Z',
        perDay: 0.2,
        alerts: 3,
        reviews: 1,
        alertsPerDay: 0.431,
        watchedDays: 6.96,
        missingSeconds: 3456,
        incidents: [
          {
            decision: 'alert',
            onset: '2026-03-02T17:04:11.000Z',
            opened: '2026-03-02T17:04:13.500Z',
            lastAnomalous: '2026-03-02T17:04:41.000Z',
            closed: '2026-03-02T17:05:11.000Z',
            peakScore: 0.83,
          },
        ],
        actual: { perDay: 1, alerts: 8, reviews: 2, dismissed: 4 },
      },
    ],
  },
);
