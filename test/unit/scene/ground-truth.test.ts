import { describe, expect, it } from 'vitest';
import { createDemoScene } from '../../../src/scene/demo-scene.ts';
import { truthOf } from '../../../src/scene/ground-truth.ts';
import { renderFrames, SceneRenderer } from '../../../src/scene/render-frames.ts';
import { type Anomaly, sceneScript } from '../../../src/scene/scene-script.ts';

const STREET = {
  width: 320,
  height: 180,
  framesPerSecond: 10,
  seed: 3,
  streetSeed: 3,
  noise: 0,
  lightDrift: 0,
} as const;

const ANOMALIES: readonly Anomaly[] = [
  { kind: 'runner', atSecond: 3 },
  { kind: 'runner', atSecond: 3, direction: 'left' },
  { kind: 'cyclist', atSecond: 3 },
  { kind: 'vehicle', atSecond: 3 },
  { kind: 'vehicle', atSecond: 3, direction: 'left' },
  { kind: 'left-bag', atSecond: 3, staysSeconds: 5 },
  { kind: 'brawl', atSecond: 3, lastsSeconds: 4, people: 3 },
];

describe('ground truth', () => {
  it('given no anomaly, is empty', () => {
    expect(truthOf(sceneScript({ ...STREET, durationSeconds: 5 }))).toEqual({ frames: 50, events: [], anomalous: [] });
  });

  it.each(ANOMALIES)(
    'of $kind ($direction) begins within a second of its time and agrees with the frames',
    (anomaly) => {
      const script = sceneScript({ ...STREET, durationSeconds: 14, anomalies: [anomaly] });
      const truth = truthOf(script);
      expect(truth.events).toHaveLength(1);
      const [event] = truth.events;
      if (event === undefined) return;
      expect(event.kind).toBe(anomaly.kind);
      expect(event.startFrame).toBeGreaterThanOrEqual(30);
      expect(event.startFrame).toBeLessThanOrEqual(40);
      expect(event.endFrame - event.startFrame).toBeGreaterThan(30);
      const flagged = [...renderFrames(script)].flatMap(({ truth: { visible } }, frame) =>
        visible.length > 0 ? [frame] : [],
      );
      expect([flagged[0], flagged.at(-1), flagged.length]).toEqual([
        event.startFrame,
        event.endFrame,
        event.endFrame - event.startFrame + 1,
      ]);
    },
  );

  it.each(ANOMALIES)(
    'of $kind ($direction) marks where the picture differs from the same scene without it',
    (anomaly) => {
      // A bag's owner and fighters on their way are normal but new, so only the box is compared, not what lies outside.
      const script = sceneScript({ ...STREET, durationSeconds: 14, anomalies: [anomaly] });
      const frame = 52;
      const { frame: picture, truth } = new SceneRenderer(script).render(frame);
      const { frame: without } = new SceneRenderer({ ...script, anomalies: [] }).render(frame);
      const box = truth.visible[0]?.box;
      expect(box).toBeDefined();
      if (box === undefined) return;
      let inside = 0;
      for (let y = box.y; y < box.y + box.height; y += 1) {
        for (let x = box.x; x < box.x + box.width; x += 1) {
          const i = (y * 320 + x) * 3;
          if (
            Math.abs((picture[i] ?? 0) - (without[i] ?? 0)) + Math.abs((picture[i + 1] ?? 0) - (without[i + 1] ?? 0)) >
            16
          )
            inside += 1;
        }
      }
      expect(inside / (box.width * box.height)).toBeGreaterThan(0.25);
    },
  );

  it('merges overlapping anomalies into one range and keeps both events', () => {
    const anomalies = [
      { kind: 'brawl', atSecond: 2, lastsSeconds: 4 },
      { kind: 'left-bag', atSecond: 4, staysSeconds: 4 },
    ] as const;
    const truth = truthOf(sceneScript({ ...STREET, durationSeconds: 12, anomalies }));
    expect(truth.events.map(({ kind, startFrame, endFrame }) => [kind, startFrame, endFrame])).toEqual([
      ['brawl', 20, 59],
      ['left-bag', 40, 79],
    ]);
    expect(truth.anomalous).toEqual([[20, 79]]);
  });
});

describe('the demo scene', () => {
  it('is normal for two and a half minutes, then has one anomaly near second 25 that ends before the minute does', () => {
    const { normalScript, liveScript, quietScript } = createDemoScene({ seed: 7 });
    expect(normalScript.durationSeconds).toBe(150);
    expect(truthOf(normalScript).events).toEqual([]);
    expect(truthOf(quietScript).events).toEqual([]);
    const [event, ...more] = truthOf(liveScript).events;
    expect(more).toEqual([]);
    expect((event?.startFrame ?? 0) / liveScript.framesPerSecond).toBeCloseTo(25, 0);
    expect(event?.endFrame).toBeLessThan(liveScript.framesPerSecond * 50);
    expect(new Set([normalScript, liveScript, quietScript].map(({ streetSeed }) => streetSeed)).size).toBe(1);
    expect(normalScript.seed).not.toBe(liveScript.seed);
  });
});
