import { describe, expect, it } from 'vitest';
import { batchTensor } from '../../../src/infer/runner/segment-tensor.ts';

const CHANNELS = 3;
const input = (layout: 'NCTHW' | 'NTCHW') => ({
  name: 'x',
  framesPerSecond: 1,
  frames: 2,
  height: 2,
  width: 3,
  channels: CHANNELS as 3,
  layout,
  type: 'float32' as const,
  valueRange: [-1, 1] as [number, number],
  mean: [0.1, 0.2, 0.3],
  std: [0.5, 1, 2],
});

describe('colour pictures as float planes', () => {
  it.each(['NCTHW', 'NTCHW'] as const)(
    'hold each pixel of each channel at its place, %s, segment after segment',
    (layout) => {
      const given = input(layout);
      const { frames, height, width } = given;
      const area = height * width;
      const pixels = [0, 1].map((segment) =>
        Uint8Array.from({ length: frames * area * CHANNELS }, (_, i) => (i * 31 + segment * 7) % 256),
      );
      const values = batchTensor(
        given,
        pixels.map((own) => ({ pixels: own })),
      );
      for (const [segment, own] of pixels.entries()) {
        for (let at = 0; at < own.length; at++) {
          const channel = at % CHANNELS;
          const place = Math.floor(at / CHANNELS);
          const [frame, cell] = [Math.floor(place / area), place % area];
          const plane = layout === 'NCTHW' ? channel * frames + frame : frame * CHANNELS + channel;
          const expected = (-1 + ((own[at] ?? 0) / 255) * 2 - (given.mean[channel] ?? 0)) / (given.std[channel] ?? 1);
          expect(values[segment * own.length + plane * area + cell]).toBe(Math.fround(expected));
        }
      }
    },
  );
});
