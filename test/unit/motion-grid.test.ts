import { readFileSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildMotionGridPack } from '../../scripts/onnx/motion-grid-pack.ts';
import {
  channelIndex,
  latticeChannelIndex,
  MOTION_GRID_CHANNELS,
  MOTION_LATTICE_CHANNELS,
} from '../../src/score/motion-grid-channels.ts';

const FRAMES = 5;
const HEIGHT = 160;
const WIDTH = 240;
const SEGMENT_BYTES = FRAMES * HEIGHT * WIDTH;
const COLUMNS = 15;
const GRID_SIZE = 10 * COLUMNS * MOTION_GRID_CHANNELS.length;
const folder = new URL('../../models/motion-grid/', import.meta.url);

/** Smooth blobs on grey, moved `speed` pixels a frame to the right, and brightened by `light` grey levels a frame. */
function movingTexture(speed: number, light = 0): Uint8Array {
  const pixels = new Uint8Array(SEGMENT_BYTES);
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let y = 0; y < HEIGHT; y++) {
      for (let x = 0; x < WIDTH; x++) {
        const u = x - speed * frame;
        const value = 120 + 40 * Math.sin(u / 4) * Math.cos(y / 5) + 20 * Math.sin(u / 9 + y / 7) + light * frame;
        pixels[(frame * HEIGHT + y) * WIDTH + x] = Math.round(value);
      }
    }
  }
  return pixels;
}

let session: ort.InferenceSession;

async function gridsOf(...segments: readonly Uint8Array[]): Promise<Float32Array[]> {
  const pixels = new Uint8Array(segments.length * SEGMENT_BYTES);
  segments.forEach((segment, index) => {
    pixels.set(segment, index * SEGMENT_BYTES);
  });
  const input = new ort.Tensor('uint8', pixels, [segments.length, FRAMES, HEIGHT, WIDTH]);
  const { grid } = await session.run({ frames: input });
  if (!(grid?.data instanceof Float32Array)) throw new TypeError('no grid');
  const data = grid.data;
  return segments.map((_, index) => data.slice(index * GRID_SIZE, (index + 1) * GRID_SIZE));
}

/** One channel of a cell in the middle of the picture. */
function middle(grid: Float32Array | undefined, channel: (typeof MOTION_GRID_CHANNELS)[number]): number {
  return grid?.[(5 * COLUMNS + 7) * MOTION_GRID_CHANNELS.length + channelIndex(channel)] ?? Number.NaN;
}

describe('the motion-grid pack', () => {
  beforeAll(async () => {
    session = await ort.InferenceSession.create(new Uint8Array(readFileSync(new URL('motion-grid.onnx', folder))), {
      intraOpNumThreads: 1,
    });
  });

  it('is exactly what its script builds', () => {
    for (const { name, bytes } of buildMotionGridPack()) {
      expect(Buffer.compare(readFileSync(new URL(name, folder)), Buffer.from(bytes)), name).toBe(0);
    }
  });

  it('measures the speed and direction of a texture moving one and two pixels a frame', async () => {
    const [one, two] = await gridsOf(movingTexture(1), movingTexture(2));
    expect(middle(one, 'velocityX')).toBeGreaterThan(0.9);
    expect(middle(one, 'velocityX')).toBeLessThan(1.1);
    expect(middle(two, 'velocityX')).toBeGreaterThan(1.75);
    expect(middle(two, 'velocityX')).toBeLessThan(2.25);
    expect(Math.abs(middle(two, 'velocityY'))).toBeLessThan(0.2);
  });

  it('sees no motion in a still picture, nor in one whose light changes as a whole', async () => {
    const [still, brightening] = await gridsOf(movingTexture(0), movingTexture(0, 6));
    // not quite 0: moments are differences of squares in single precision
    expect(middle(still, 'speedMean')).toBeLessThan(0.002);
    expect(middle(brightening, 'speedMean')).toBeLessThan(0.05);
  });

  it('shows on the lattice which places move, and how', async () => {
    const pixels = movingTexture(0);
    const moving = movingTexture(2);
    // the left half moves, the right half stands still
    for (let row = 0; row < FRAMES * HEIGHT; row++) {
      pixels.set(moving.subarray(row * WIDTH, row * WIDTH + WIDTH / 2), row * WIDTH);
    }
    const { lattice } = await session.run({ frames: new ort.Tensor('uint8', pixels, [1, FRAMES, HEIGHT, WIDTH]) });
    expect(lattice?.dims).toEqual([1, 40, 60, MOTION_LATTICE_CHANNELS.length]);
    const at = (column: number, channel: (typeof MOTION_LATTICE_CHANNELS)[number]) =>
      Number(lattice?.data[(20 * 60 + column) * MOTION_LATTICE_CHANNELS.length + latticeChannelIndex(channel)]);
    expect(at(15, 'velocityX')).toBeGreaterThan(1.7);
    expect(at(15, 'velocityX')).toBeLessThan(2.3);
    expect(at(15, 'change')).toBeGreaterThan(0.02);
    expect(at(45, 'change')).toBeLessThan(1e-4);
    expect(Math.abs(at(45, 'velocityX'))).toBeLessThan(0.01);
  });

  it('gives a segment the same grid alone and among others', async () => {
    const [alone] = await gridsOf(movingTexture(1.5));
    const [, amid] = await gridsOf(movingTexture(3), movingTexture(1.5), movingTexture(0));
    expect(amid).toEqual(alone);
  });

  it('holds only finite numbers, even for black and for white noise', async () => {
    const noise = Uint8Array.from({ length: SEGMENT_BYTES }, (_, index) => ((index * 2_654_435_761) >>> 13) & 255);
    for (const grid of await gridsOf(new Uint8Array(SEGMENT_BYTES), noise)) {
      expect(grid.every(Number.isFinite)).toBe(true);
    }
  });
});
