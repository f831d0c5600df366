import { describe, expect, it } from 'vitest';
import { frameCount, sceneScript } from '../../../src/scene/scene-script.ts';

describe('a scene script', () => {
  it('gets a default for each field that is left out', () => {
    const script = sceneScript({ seed: 4 });
    expect(script).toMatchObject({ seed: 4, width: 640, height: 360, anomalies: [] });
    expect(frameCount(script)).toBe(script.framesPerSecond * script.durationSeconds);
  });

  it.each([
    [{ width: 641 }, 'width'],
    [{ height: 10 }, 'height'],
    [{ framesPerSecond: Number.NaN }, 'framesPerSecond'],
    [{ durationSeconds: 0 }, 'durationSeconds'],
    [{ rain: 2 }, 'rain'],
    [{ seed: 1.5 }, 'seed'],
    [{ durationSeconds: 10, anomalies: [{ kind: 'runner', atSecond: 10 }] as const }, 'anomalies[0].atSecond'],
  ])('refuses %j and names the field', (fields, field) => {
    expect(() => sceneScript(fields)).toThrowError(
      expect.objectContaining({ code: 'VDT_SCENE_INVALID', values: expect.objectContaining({ field }) }),
    );
  });
});
