import type { Metrics } from '../platform/metrics.ts';
import { HEALTH_STATES, type HealthState } from '../score/camera-health/health-state.ts';

/** Shows the state in `vedette_camera_health`: 1 for it, 0 for the others. */
export function showHealth(metrics: Pick<Metrics, 'cameraHealth'>, cameraId: string, state: HealthState): void {
  for (const each of HEALTH_STATES) {
    metrics.cameraHealth.set({ camera: cameraId, state: each }, each === state ? 1 : 0);
  }
}

/** Takes the camera out of `vedette_camera_health`: another process watches it now, or nobody. */
export function hideHealth(metrics: Pick<Metrics, 'cameraHealth'>, cameraId: string): void {
  for (const state of HEALTH_STATES) metrics.cameraHealth.remove({ camera: cameraId, state });
}
