import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Value } from 'typebox/value';
import { problem, type VedetteError } from '../../platform/errors.ts';

interface Mismatch {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const PART_NAMES: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
};

/**
 * Checks requests against the routes' TypeBox schemas. Texts of a query, path or header are converted to the type
 * that the schema asks for; a JSON body is taken as it is, so that "1" or null never turns into a number.
 */
export function useValidation(app: FastifyInstance): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const compiled = Compile(schema);
    const part = PART_NAMES[httpPart ?? ''] ?? 'request';
    return (input: unknown) => {
      const clone: unknown = Value.Clone(input ?? (httpPart === 'body' ? undefined : {}));
      const value = Value.Default(schema, httpPart === 'body' ? clone : Value.Convert(schema, clone));
      if (compiled.Check(value)) return { value };
      return { error: invalidRequest(part, compiled.Errors(value) as readonly Mismatch[]) };
    };
  });
}

/** The most telling mismatch as a problem: unknown fields first, then missing ones, then wrong values. */
function invalidRequest(part: string, mismatches: readonly Mismatch[]): VedetteError {
  const unknown = mismatches.find((each) => each.keyword === 'additionalProperties');
  const missing = mismatches.find((each) => each.keyword === 'required');
  const chosen = unknown ?? missing ?? innermost(mismatches);
  if (!chosen) return problem('VDT_REQUEST_INVALID', { field: part, reason: 'does not match its schema' });

  const path = chosen.instancePath.split('/').slice(1);
  if (unknown) path.push(firstOf(unknown.params.additionalProperties));
  else if (missing) path.push(firstOf(missing.params.requiredProperties));
  const field = [part, ...path].join('.').slice(0, 200);
  return problem('VDT_REQUEST_INVALID', { field, reason: reasonOf(chosen) }, { hint: remedyOf(chosen) });
}

/** Of a choice between forms ("this, or null") what is wrong within a form says more than that none of them fits. */
function innermost(mismatches: readonly Mismatch[]): Mismatch | undefined {
  const choice = mismatches.find((each) => each.keyword === 'anyOf');
  if (!choice) return mismatches[0];
  const within = mismatches.filter((each) => each.instancePath.startsWith(choice.instancePath) && each !== choice);
  return (
    within.find((each) => each.instancePath.length > choice.instancePath.length) ??
    within.find((each) => each.keyword !== 'type' && each.keyword !== 'const') ??
    choice
  );
}

function firstOf(names: unknown): string {
  return Array.isArray(names) ? String(names[0]) : '';
}

function reasonOf(mismatch: Mismatch): string {
  switch (mismatch.keyword) {
    case 'additionalProperties':
      return 'is not a known field';
    case 'required':
      return 'is missing';
    case 'enum':
      return `must be one of ${(mismatch.params.allowedValues as readonly unknown[]).join(', ')}`;
    case 'anyOf':
      return 'has none of the allowed forms';
    case 'pattern':
      return 'has a character or a form that is not allowed';
    case 'format':
      return mismatch.params.format === 'date-time'
        ? 'is not an RFC 3339 time with a zone'
        : `is not a valid ${String(mismatch.params.format)}`;
    default:
      return mismatch.message;
  }
}

function remedyOf(mismatch: Mismatch): string {
  switch (mismatch.keyword) {
    case 'additionalProperties':
      return 'Remove it or correct its name; /openapi.json lists the known fields.';
    case 'required':
      return 'Add it to the request.';
    case 'format':
      return mismatch.params.format === 'date-time'
        ? 'Write it like 2026-03-01T12:00:00.000Z; in a query, send the "+" of an offset as %2B.'
        : 'Correct its form.';
    case 'pattern':
      return `It must match ${String(mismatch.params.pattern)}.`;
    case 'enum':
      return 'Use one of the listed words.';
    default:
      return 'Correct the value; /openapi.json shows its type and range.';
  }
}
