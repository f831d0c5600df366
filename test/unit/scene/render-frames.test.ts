import { describe, expect, it } from 'vitest';
import { renderFrames, SceneRenderer } from '../../../src/scene/render-frames.ts';
import { sceneScript } from '../../../src/scene/scene-script.ts';

const SMALL = { width: 160, height: 90, framesPerSecond: 5, durationSeconds: 4, seed: 11 } as const;

/** Mean absolute difference of two pictures, grey levels. */
function difference(a: Uint8Array, b: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += Math.abs((a[i] ?? 0) - (b[i] ?? 0));
  return sum / a.length;
}

function pixelsChanged(a: Uint8Array, b: Uint8Array, by: number): number {
  let count = 0;
  for (let i = 0; i < a.length; i += 3) if (Math.abs((a[i] ?? 0) - (b[i] ?? 0)) > by) count += 1;
  return count;
}

describe('rendering a scene', () => {
  it('given the same script, makes the same bytes', () => {
    const script = sceneScript({ ...SMALL, shake: 1, rain: 0.5, anomalies: [{ kind: 'brawl', atSecond: 1 }] });
    const once = [...renderFrames(script)];
    const again = [...renderFrames(script)];
    expect(once).toHaveLength(20);
    expect(once[0]?.frame).toHaveLength(160 * 90 * 3);
    for (const [i, { frame, truth }] of once.entries()) {
      expect(difference(frame, again[i]?.frame ?? new Uint8Array())).toBe(0);
      expect(truth).toEqual(again[i]?.truth);
    }
  });

  it('paints a frame alone as it does in order', () => {
    const script = sceneScript({ ...SMALL, shake: 1 });
    const inOrder = [...renderFrames(script)];
    expect(difference(new SceneRenderer(script).render(13).frame, inOrder[13]?.frame ?? new Uint8Array())).toBe(0);
  });

  it('hands out buffers that later frames do not overwrite', () => {
    const frames = renderFrames(sceneScript(SMALL));
    const first = frames.next().value;
    const copy = first ? Uint8Array.from(first.frame) : new Uint8Array();
    frames.next();
    expect(difference(copy, first?.frame ?? new Uint8Array())).toBe(0);
  });

  it('given another seed, keeps the street and changes the people', () => {
    const quiet = { ...SMALL, noise: 0, lightDrift: 0, arrivalsPerMinute: 40 };
    const a = new SceneRenderer(sceneScript({ ...quiet, seed: 1 })).render(0).frame;
    const b = new SceneRenderer(sceneScript({ ...quiet, seed: 2 })).render(0).frame;
    const share = pixelsChanged(a, b, 12) / (160 * 90);
    expect(share).toBeGreaterThan(0.002);
    expect(share).toBeLessThan(0.3);
    const otherStreet = new SceneRenderer(sceneScript({ ...quiet, seed: 1, streetSeed: 9 })).render(0).frame;
    expect(pixelsChanged(a, otherStreet, 12) / (160 * 90)).toBeGreaterThan(0.3);
  });

  it('adds sensor noise of the deviation asked for, new in each frame', () => {
    const still = { ...SMALL, arrivalsPerMinute: 0, carsPerMinute: 0, lightDrift: 0 };
    const clean = new SceneRenderer(sceneScript({ ...still, noise: 0 })).render(3).frame;
    const noisy = new SceneRenderer(sceneScript({ ...still, noise: 4 }));
    let square = 0;
    const third = noisy.render(3).frame;
    for (let i = 0; i < clean.length; i += 3) square += ((third[i] ?? 0) - (clean[i] ?? 0)) ** 2;
    expect(Math.sqrt(square / (clean.length / 3))).toBeCloseTo(4, 0);
    expect(difference(third, noisy.render(4).frame)).toBeGreaterThan(2);
  });

  it('is painted before its people arrive: a scene starts populated', () => {
    const busy = { ...SMALL, noise: 0, lightDrift: 0, width: 320, height: 180, carsPerMinute: 0 };
    const empty = new SceneRenderer(sceneScript({ ...busy, arrivalsPerMinute: 0 })).render(0).frame;
    const peopled = new SceneRenderer(sceneScript({ ...busy, arrivalsPerMinute: 40 })).render(0).frame;
    expect(pixelsChanged(empty, peopled, 12)).toBeGreaterThan(300);
  });

  it('given a loop, the end leads to the start as any frame leads to the next', () => {
    const script = sceneScript({
      ...SMALL,
      width: 320,
      height: 180,
      framesPerSecond: 15,
      durationSeconds: 20,
      loop: true,
      arrivalsPerMinute: 30,
      carsPerMinute: 0,
      noise: 0,
    });
    const renderer = new SceneRenderer(script);
    const last = renderer.render(299).frame;
    const seam = pixelsChanged(last, renderer.render(0).frame, 12);
    const usual = pixelsChanged(renderer.render(298).frame, last, 12);
    const jump = pixelsChanged(renderer.render(285).frame, last, 12);
    expect(usual).toBeGreaterThan(20);
    expect(seam).toBeLessThan(usual * 1.6);
    expect(jump).toBeGreaterThan(usual * 1.6);
  });
});
