import { toRfc3339 } from '../platform/clock.ts';
import { deterministicId } from '../platform/ids.ts';
import type { CameraState, NewEvent } from './ports.ts';

/** What the world was last told about a camera. */
export type Announced = 'online' | 'offline' | 'stalled';

export interface CameraTransition {
  readonly camera: { readonly id: string; readonly name: string };
  readonly state: CameraState;
  readonly previousState: CameraState;
  readonly reason: string | null;
  readonly atMs: number;
  readonly fencingToken: number;
}

const TOLD_BY: Partial<Record<CameraState, Announced>> = { live: 'online', offline: 'offline', stalled: 'stalled' };

/** What a state amounts to for those who are told; undefined for states on the way. */
export function announcedBy(state: CameraState): Announced | undefined {
  return TOLD_BY[state];
}

/** The alert `camera.online`, `.offline` or `.stalled`; its id is the same however often it is written. */
export function cameraEvent(type: Announced, transition: CameraTransition): NewEvent {
  const { camera, state, previousState, reason, atMs, fencingToken } = transition;
  return {
    id: deterministicId('msg', 'camera', camera.id, fencingToken, type, atMs),
    type: `camera.${type}`,
    cameraId: camera.id,
    incidentId: null,
    createdMs: atMs,
    body: JSON.stringify({
      type: `camera.${type}`,
      timestamp: toRfc3339(atMs),
      data: { camera: { id: camera.id, name: camera.name }, state, previousState, reason },
    }),
  };
}
