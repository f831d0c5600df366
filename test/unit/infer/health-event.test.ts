import { describe, expect, it } from 'vitest';
import { healthEvent } from '../../../src/infer/health-event.ts';
import { hideHealth, showHealth } from '../../../src/infer/health-gauge.ts';
import { createMetrics } from '../../../src/platform/metrics.ts';

const change = { state: 'covered', previousState: 'ok', sinceMs: 1_000_000, atMs: 1_003_000 } as const;
const camera = { id: 'yard', name: 'Yard' };

describe('a change of camera health', () => {
  it('becomes an alert that says what is wrong since when', () => {
    const event = healthEvent(change, camera);
    expect(event).toMatchObject({ type: 'camera.health', cameraId: 'yard', incidentId: null, createdMs: 1_003_000 });
    expect(JSON.parse(event.body)).toEqual({
      type: 'camera.health',
      timestamp: '1970-01-01T00:16:43.000Z',
      data: {
        camera,
        state: 'covered',
        previousState: 'ok',
        since: '1970-01-01T00:16:40.000Z',
        reason: 'something covers the lens',
      },
    });
  });

  it('is the same alert however often it is made, and another one for another change', () => {
    expect(healthEvent(change, camera).id).toBe(healthEvent(change, camera).id);
    expect(healthEvent({ ...change, atMs: 1_009_000 }, camera).id).not.toBe(healthEvent(change, camera).id);
  });

  it('shows in the metrics, and leaves them with the camera', async () => {
    const metrics = createMetrics();
    showHealth(metrics, 'yard', 'covered');
    const lines = async () =>
      (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('vedette_camera_health{'));
    expect(await lines()).toContain('vedette_camera_health{camera="yard",state="covered"} 1');
    expect(await lines()).toContain('vedette_camera_health{camera="yard",state="ok"} 0');
    hideHealth(metrics, 'yard');
    expect(await lines()).toEqual([]);
  });
});
