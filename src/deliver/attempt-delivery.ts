import type { Clock } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { redactSecrets } from '../platform/redact.ts';
import { disableEndpoint } from './disable-endpoint.ts';
import type { EndpointSlots } from './endpoint-slots.ts';
import type { GuardedClient, PostResult } from './guarded-client.ts';
import { orNull } from './or-null.ts';
import type {
  AttemptRecord,
  Delivery,
  DeliveryLedger,
  DeliveryQueue,
  EndpointDirectory,
  EventAnnouncer,
} from './ports.ts';
import { nextAttemptMs, parseRetryAfterMs } from './retry-schedule.ts';
import { signatureHeaders } from './signer.ts';

export interface AttemptDependencies {
  readonly deliveries: DeliveryLedger;
  readonly endpoints: EndpointDirectory;
  readonly queue: DeliveryQueue;
  readonly eventNotices: EventAnnouncer;
  readonly client: Pick<GuardedClient, 'post'>;
  readonly slots: EndpointSlots;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'deliveries' | 'deliveryAttempt'>;
  readonly random: () => number;
  /** The client's own limit; a claim outlives it by a margin, so that two workers never send at once. */
  readonly timeoutMs: number;
  /** Aborted when the role stops: an attempt that was cut off by that is not counted against the receiver. */
  readonly stopping: AbortSignal;
}

/**
 * What a look at a delivery came to. `later`: this attempt is to be made a little later (UTC ms). `retry`: it was made
 * and failed; the attempt with that number is due at that time. `done`: this job has nothing more to do.
 */
export type AttemptVerdict =
  | { readonly state: 'done' }
  | { readonly state: 'later'; readonly atMs: number }
  | { readonly state: 'retry'; readonly atMs: number; readonly attempt: number };

const DONE: AttemptVerdict = { state: 'done' };
const CLAIM_MARGIN_MS = 3_000;
const CLAIMED_ELSEWHERE_MS = 2_000;
/** A job that comes this much too early is a left-over: the attempt has a job of its own, or the sweep makes one. */
const SOON_MS = 60_000;
const GONE = 410;
const LONGEST_ERROR = 500;
const USER_AGENT = 'Vedette-Webhooks/1';

/**
 * Makes at most one attempt at one delivery, if it is due and nobody else is at it. The database row decides
 * everything: the job that led here may be late, doubled or from another life.
 */
export async function attemptDelivery(deliveryId: string, parts: AttemptDependencies): Promise<AttemptVerdict> {
  const { deliveries, clock, slots } = parts;
  const delivery = await orNull(deliveries.get(deliveryId));
  if (delivery?.state !== 'pending') return DONE;
  if (!delivery.endpointEnabled) {
    await deliveries.cancel(delivery.id, 'the endpoint is disabled');
    parts.metrics.deliveries.inc({ outcome: 'cancelled' });
    return DONE;
  }
  const nowMs = clock.nowMs();
  const waitMs = (delivery.nextAttemptMs ?? nowMs) - nowMs;
  if (waitMs > SOON_MS) return DONE;
  if (waitMs > 0) return later(nowMs + waitMs);
  const slot = slots.take(delivery.endpointId, nowMs);
  if (!slot.granted) return later(slot.retryAtMs);
  const startedMonotonicMs = clock.monotonicMs();
  let inGoodHealth = false;
  try {
    const untilMs = nowMs + parts.timeoutMs + CLAIM_MARGIN_MS;
    const claimed = await deliveries.claim(delivery.id, { attempts: delivery.attempts, nowMs, untilMs });
    if (!claimed) {
      inGoodHealth = true; // says nothing against the endpoint
      return later(nowMs + CLAIMED_ELSEWHERE_MS);
    }
    const startedMs = clock.nowMs();
    const result = await send(delivery, startedMs, parts);
    if (result.status === null && parts.stopping.aborted) return later(untilMs);
    const attempt = judge(delivery, result, startedMs, clock.monotonicMs() - startedMonotonicMs, parts);
    inGoodHealth = attempt.outcome === 'succeeded';
    await recordSurely(delivery.id, attempt, parts);
    report(delivery, attempt, parts);
    if (result.status === GONE) await disableEndpoint(delivery.endpointId, 'the receiver answered 410 Gone', parts);
    return attempt.nextAttemptMs === null
      ? DONE
      : { state: 'retry', atMs: attempt.nextAttemptMs, attempt: delivery.attempts + 1 };
  } finally {
    slot.release({ succeeded: inGoodHealth, durationMs: clock.monotonicMs() - startedMonotonicMs });
  }
}

async function send(
  delivery: Delivery,
  attemptMs: number,
  { endpoints, client }: AttemptDependencies,
): Promise<PostResult> {
  const body = Buffer.from(delivery.body, 'utf8');
  let headers: Readonly<Record<string, string>>;
  try {
    const secrets = [await endpoints.secret(delivery.endpointId)];
    const signature = signatureHeaders({ messageId: delivery.eventId, attemptMs, body, secrets });
    headers = { ...signature, 'content-type': 'application/json', 'user-agent': USER_AGENT };
  } catch (thrown) {
    return { status: null, retryAfter: null, error: reasonOf(thrown) };
  }
  return client.post({ url: delivery.endpointUrl, headers, body });
}

function judge(
  delivery: Delivery,
  result: PostResult,
  startedMs: number,
  durationMs: number,
  { clock, random }: AttemptDependencies,
): AttemptRecord {
  const { status } = result;
  const made = { startedMs, durationMs: Math.round(durationMs), status };
  if (status !== null && status >= 200 && status < 300) {
    return { ...made, error: null, outcome: 'succeeded', nextAttemptMs: null };
  }
  const error = redactSecrets(result.error ?? describeStatus(status)).slice(0, LONGEST_ERROR);
  const nowMs = clock.nowMs();
  const nextMs =
    status === GONE
      ? null
      : nextAttemptMs({
          attemptsMade: delivery.roundAttempts + 1,
          nowMs,
          retryAfterMs: parseRetryAfterMs(result.retryAfter, nowMs),
          random,
        });
  return { ...made, error, outcome: nextMs === null ? 'failed' : 'retry', nextAttemptMs: nextMs };
}

function describeStatus(status: number | null): string {
  if (status === GONE) return 'HTTP 410: the receiver is gone';
  if (status !== null && status >= 300 && status < 400) return `HTTP ${status}: redirects are not followed`;
  return `HTTP ${status ?? 'without a status'}`;
}

const RECORD_PAUSES_MS = [100, 400, 1_600] as const;

/** What was sent must be known: a forgotten success would be sent again. A short hiccup of the database is sat out. */
async function recordSurely(id: string, attempt: AttemptRecord, parts: AttemptDependencies): Promise<void> {
  for (const pauseMs of RECORD_PAUSES_MS) {
    try {
      await parts.deliveries.recordAttempt(id, attempt);
      return;
    } catch (thrown) {
      parts.logger.warn({ delivery: id, reason: reasonOf(thrown) }, 'delivery.record-retried');
      await parts.clock.sleep(pauseMs);
    }
  }
  await parts.deliveries.recordAttempt(id, attempt);
}

function report(delivery: Delivery, attempt: AttemptRecord, { logger, metrics }: AttemptDependencies): void {
  metrics.deliveries.inc({ outcome: attempt.outcome });
  metrics.deliveryAttempt.observe(attempt.durationMs / 1000);
  const fields = {
    delivery: delivery.id,
    event: delivery.eventId,
    endpoint: delivery.endpointId,
    attempt: delivery.attempts + 1,
    status: attempt.status,
    durationMs: attempt.durationMs,
  };
  if (attempt.outcome === 'succeeded') logger.debug(fields, 'delivery.succeeded');
  else if (attempt.outcome === 'retry') {
    logger.info({ ...fields, reason: attempt.error, nextAttemptMs: attempt.nextAttemptMs }, 'delivery.retry');
  } else logger.warn({ ...fields, reason: attempt.error }, 'delivery.failed');
}

function later(atMs: number): AttemptVerdict {
  return { state: 'later', atMs };
}
