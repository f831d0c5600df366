import { ERROR_KINDS, type ErrorCode, problem, reasonOf, VedetteError } from '../platform/errors.ts';

/** A small client of Vedette's own REST API, for the commands. Refusals come back as the errors that the service gave. */
export class ApiClient {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url.replace(/\/$/, '');
    this.#key = key;
  }

  async request<Result>(method: string, path: string, body?: unknown): Promise<Result> {
    const bytes = body instanceof Uint8Array;
    const response = await fetch(`${this.#url}${path}`, {
      method,
      redirect: 'error',
      headers: {
        authorization: `Bearer ${this.#key}`,
        ...(body !== undefined && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
      },
      ...(body !== undefined && { body: bytes ? Buffer.from(body) : JSON.stringify(body) }),
    }).catch((thrown: unknown) => {
      throw problem(
        'VDT_UNAVAILABLE',
        { what: `the service at ${this.#url}`, reason: causeOf(thrown) },
        { hint: 'Start it with "vedette up", or correct VEDETTE_URL.' },
      );
    });
    const text = await response.text();
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as Result;
    throw refusalOf(response.status, text);
  }
}

function causeOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error ? cause.message : reasonOf(thrown);
}

interface ProblemDetails {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
}

/** Gives the service's refusal its own words back: the client shows what the server said, not a template of its own. */
export function refusalOf(status: number, text: string): VedetteError {
  const details = (() => {
    try {
      return JSON.parse(text) as ProblemDetails;
    } catch {
      return {};
    }
  })();
  const code = details.code && details.code in ERROR_KINDS ? (details.code as ErrorCode) : 'VDT_INTERNAL';
  const error = new VedetteError(code, {}, details.hint === undefined ? {} : { hint: details.hint });
  error.message = details.detail ?? `the service answered ${status}`;
  return error;
}
