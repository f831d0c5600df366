import { Type } from 'typebox';
import { type ErrorCode, problem, reasonOf, VedetteError } from '../../platform/errors.ts';
import type { ApiDeps, ReadinessCheck } from '../api-deps.ts';
import type { ApiInstance } from '../api-instance.ts';
import { problemDetails } from '../plugins/problem-details.ts';
import type { Lifecycle } from '../plugins/shutdown.ts';
import { oneOf } from '../schemas/common.ts';

const CHECK_TIMEOUT_MS = 3_000;
/** Anyone may ask: one round of real writes serves all who ask within this time. */
const KEEP_MS = 1_000;

const partSchema = Type.Object({
  name: Type.String(),
  ok: Type.Boolean(),
  durationMs: Type.Number(),
  code: Type.Optional(Type.String({ description: 'What kind of failure; its words stand in the log.' })),
});
interface PartResult {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly code?: ErrorCode;
}

export function healthRoutes(app: ApiInstance, deps: ApiDeps, lifecycle: Lifecycle): void {
  const { clock, readiness } = deps;
  let latest: { readonly atMs: number; readonly parts: Promise<readonly PartResult[]> } | null = null;

  const checkAll = () => {
    const nowMs = clock.monotonicMs();
    if (!latest || nowMs - latest.atMs >= KEEP_MS) {
      latest = { atMs: nowMs, parts: Promise.all(readiness.map(checkPart)) };
    }
    return latest.parts;
  };

  async function checkPart({ name, check }: ReadinessCheck): Promise<PartResult> {
    const startedMs = clock.monotonicMs();
    const durationMs = () => Math.round(clock.monotonicMs() - startedMs);
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = clock.after(CHECK_TIMEOUT_MS, () =>
        reject(problem('VDT_UNAVAILABLE', { what: name, reason: `no answer within ${CHECK_TIMEOUT_MS} ms` })),
      );
    });
    try {
      await Promise.race([Promise.resolve().then(check), timeout]);
      return { name, ok: true, durationMs: durationMs() };
    } catch (thrown) {
      // anyone may read this answer, so addresses and driver texts go to the log alone
      deps.logger.warn({ part: name, reason: reasonOf(thrown) }, 'api.not-ready');
      const code = thrown instanceof VedetteError ? thrown.code : 'VDT_INTERNAL';
      return { name, ok: false, durationMs: durationMs(), code };
    } finally {
      cancel();
    }
  }

  app.get(
    '/healthz',
    {
      schema: {
        operationId: 'getHealth',
        summary: 'Whether the process answers',
        tags: ['service'],
        security: [],
        response: { 200: Type.Object({ status: oneOf(['ok']) }, { examples: [{ status: 'ok' }] }) },
      },
      config: { access: 'open' },
    },
    async () => ({ status: 'ok' as const }),
  );

  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        summary: 'Whether the service does its work',
        description: 'Writes to the database and to Redis for real. 503 with the same parts when one of them is red.',
        tags: ['service'],
        security: [],
        response: {
          200: Type.Object(
            { status: oneOf(['ready']), parts: Type.Array(partSchema) },
            { examples: [{ status: 'ready', parts: [{ name: 'database', ok: true, durationMs: 3 }] }] },
          ),
        },
      },
      config: { access: 'open', problems: [503] },
    },
    async (request, reply) => {
      const parts = await checkAll();
      const broken = parts.filter((part) => !part.ok);
      if (broken.length === 0 && !lifecycle.stopping) return { status: 'ready' as const, parts: [...parts] };
      const error = problem('VDT_NOT_READY', {
        reason: broken.map((part) => part.name).join(', ') || 'it is stopping',
      });
      return reply
        .code(503 as never)
        .header('content-type', 'application/problem+json')
        .serializer((payload: unknown) => JSON.stringify(payload))
        .send({ ...problemDetails(error, request.id), parts } as never);
    },
  );
}
