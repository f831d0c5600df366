import { gaussian, seededRandom } from './random.ts';
import type { SceneScript } from './scene-script.ts';

export interface Light {
  /** Gain of the red, green and blue channel. */
  readonly gain: readonly [number, number, number];
  /** How dark a full shadow is, 0 to 1. */
  readonly shadow: number;
}

/** Clouds: brightness and shadows change together over tens of seconds; a looping scene ends as it began. */
export function daylight(script: SceneScript): (second: number) => Light {
  const random = seededRandom(script.seed, 'light');
  const base = script.loop ? script.durationSeconds : 240;
  const first = script.loop ? 1 : 1 + random();
  const waves = [first, script.loop ? 2 : first * 1.7, script.loop ? 3 : first * 3.1].map((cycles, order) => ({
    speed: (2 * Math.PI * cycles) / base,
    phase: random() * 2 * Math.PI,
    weight: [0.5, 0.3, 0.2][order] ?? 0,
  }));
  return (second) => {
    const cloud = waves.reduce((sum, wave) => sum + wave.weight * Math.sin(wave.speed * second + wave.phase), 0);
    const brightness = 1 + 0.16 * script.lightDrift * cloud;
    const warmth = 0.02 * script.lightDrift * cloud;
    const rain = 1 - 0.18 * script.rain;
    return {
      gain: [rain * (brightness + warmth), rain * brightness, rain * (brightness - warmth)],
      shadow: Math.max(0.06, (0.34 + 0.2 * script.lightDrift * cloud) * (1 - 0.8 * script.rain)),
    };
  };
}

/** A long strip of Gaussian noise in sixteenths of a grey level. */
export function noiseStrip(script: SceneScript, length: number): Int16Array {
  const random = seededRandom(script.seed, 'noise');
  return Int16Array.from({ length }, () => Math.round(16 * script.noise * Math.max(-8, Math.min(8, gaussian(random)))));
}
