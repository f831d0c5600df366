import { type Clock, toRfc3339 } from '../platform/clock.ts';
import { reasonOf } from '../platform/errors.ts';
import { deterministicId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { DeliveryQueue, EndpointDirectory, EventAnnouncer, NewEvent } from './ports.ts';

interface DisableDependencies {
  readonly endpoints: EndpointDirectory;
  readonly queue: DeliveryQueue;
  readonly eventNotices: EventAnnouncer;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Switches an endpoint off and tells the other endpoints and the live stream, once. */
export async function disableEndpoint(endpointId: string, reason: string, parts: DisableDependencies): Promise<void> {
  const { endpoints, queue, eventNotices, clock, logger } = parts;
  const appended = await endpoints.disable(endpointId, reason, [disabledEvent(endpointId, reason, clock.nowMs())]);
  if (!appended) return;
  logger.warn({ endpoint: endpointId, reason }, 'endpoint.disabled');
  try {
    for (const deliveryId of appended.deliveryIds) await queue.enqueueDelivery(deliveryId, 0);
    for (const { sequence } of appended.events) await eventNotices.publish({ sequence });
  } catch (thrown) {
    // a hint only: the sweep and the streams' own look find the rows
    logger.debug({ endpoint: endpointId, reason: reasonOf(thrown) }, 'endpoint.notice-lost');
  }
}

/** The endpoint's URL stays out: many a receiver's URL is its password. */
function disabledEvent(endpointId: string, reason: string, nowMs: number): NewEvent {
  const type = 'endpoint.disabled';
  const body = JSON.stringify({ type, timestamp: toRfc3339(nowMs), data: { endpoint: { id: endpointId }, reason } });
  const id = deterministicId('msg', type, endpointId, nowMs);
  return { id, type, cameraId: null, incidentId: null, body, createdMs: nowMs };
}
