import { type Static, type TSchema, Type } from 'typebox';
import { CAMERA_ID_PATTERN } from '../../platform/config-schema.ts';

/** For objects that users send: a misspelt field is refused instead of ignored. */
export const strict = { additionalProperties: false } as const;

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** One of a few words, as JSON Schema `enum`. */
export function oneOf<const Words extends readonly string[]>(words: Words, options: Record<string, unknown> = {}) {
  return Type.Unsafe<Words[number]>({ type: 'string', enum: [...words], ...options });
}

/** A time in a request: RFC 3339 with a zone. */
export const timeInput = (description: string) =>
  Type.String({
    format: 'date-time',
    maxLength: 40,
    examples: ['2026-03-01T12:00:00.000Z'],
    description: `${description} RFC 3339 with a zone: "Z", or an offset whose "+" is sent as %2B in a query.`,
  });

/** A time in an answer: always UTC with milliseconds. */
export const time = (description?: string) =>
  Type.String({
    format: 'date-time',
    examples: ['2026-03-01T12:00:00.000Z'],
    ...(description === undefined ? {} : { description }),
  });
export const timeSchema = time();

export const cameraIdSchema = Type.String({ pattern: CAMERA_ID_PATTERN, examples: ['front-door'] });

/** An id of the service's own making, for instance `inc_0123…`. */
export const idSchema = (prefix: string) =>
  Type.String({ pattern: `^${prefix}_[0-9A-Za-z_-]{1,64}$`, examples: [`${prefix}_3m0g6k2v9qzt8w1hr5xb7cdny`] });

export const limitSchema = Type.Integer({
  minimum: 1,
  maximum: 200,
  default: 50,
  description: 'Most items in one page.',
});
export const cursorSchema = Type.String({
  minLength: 1,
  maxLength: 512,
  description: 'The `nextCursor` of the page before; leave it out for the first page.',
});

/** A page of `items` with the cursor of the next one, null on the last page. */
export const pageOf = <S extends TSchema>(item: S) =>
  Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });

/** RFC 9457 problem details, with our stable code, a hint, and the request id that stands in the log. */
export const problemSchema = Type.Object(
  {
    type: Type.String({ format: 'uri-reference' }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String(),
    code: Type.String({ pattern: '^VDT_[A-Z_]+$' }),
    hint: Type.String(),
    field: Type.Optional(Type.String({ description: 'What is wrong in the request, for instance "body.url".' })),
    requestId: Type.String(),
    retryable: Type.Boolean({ description: 'Whether the same request may succeed later.' }),
  },
  {
    examples: [
      {
        type: '/docs/errors#VDT_NOT_FOUND',
        title: 'Not Found',
        status: 404,
        detail: 'camera front-door does not exist',
        code: 'VDT_NOT_FOUND',
        hint: 'List what exists with GET on the collection.',
        requestId: 'req_3m0g6k2v9qzt8w1hr5xb7cdny',
        retryable: false,
      },
    ],
  },
);
export type Problem = Static<typeof problemSchema>;

/** 204. */
export const noContent = Type.Null({ description: 'Done; there is nothing to say.' });
