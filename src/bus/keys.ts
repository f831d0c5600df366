/** Names of everything that Vedette keeps in Redis. All of it can be rebuilt: Redis may be wiped at any time. */
export const KEY_PREFIX = 'vedette';

/** Consumer group of the infer role on every segment stream. */
export const INFER_GROUP = 'infer';

/** Stream of one camera's segments; the braces keep all keys of a camera in one slot of a Redis Cluster. */
export function segmentStreamKey(cameraId: string): string {
  return `${KEY_PREFIX}:segments:{${cameraId}}`;
}

export function leaseKey(name: string): string {
  return `${KEY_PREFIX}:lease:${name}`;
}

export function membersKey(role: string): string {
  return `${KEY_PREFIX}:members:${role}`;
}

export const CHANGES_CHANNEL = `${KEY_PREFIX}:changes`;
export const EVENTS_CHANNEL = `${KEY_PREFIX}:events`;
