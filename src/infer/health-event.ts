import { toRfc3339 } from '../platform/clock.ts';
import { deterministicId } from '../platform/ids.ts';
import type { HealthChange } from '../score/camera-health/health-state.ts';
import type { NewEvent } from '../store/events.ts';

const REASONS: Readonly<Record<HealthChange['state'], string>> = {
  ok: 'the picture is as usual again',
  frozen: 'the picture has stopped: not one pixel changes any more',
  blank: 'the picture is empty',
  covered: 'something covers the lens',
  defocused: 'the picture is out of focus',
  moved: 'the camera looks at something else than it used to',
};

/** The alert `camera.health`; its id is the same however often it is written. */
export function healthEvent(change: HealthChange, camera: { readonly id: string; readonly name: string }): NewEvent {
  const { state, previousState, sinceMs, atMs } = change;
  return {
    id: deterministicId('msg', 'camera', camera.id, 'health', state, atMs),
    type: 'camera.health',
    cameraId: camera.id,
    incidentId: null,
    createdMs: atMs,
    body: JSON.stringify({
      type: 'camera.health',
      timestamp: toRfc3339(atMs),
      data: {
        camera: { id: camera.id, name: camera.name },
        state,
        previousState,
        since: toRfc3339(sinceMs),
        reason: REASONS[state],
      },
    }),
  };
}
