import { describe, expect, test } from 'vitest';
import type { Sampling } from '../../../src/bus/sampling.ts';
import type { Segment } from '../../../src/bus/segment.ts';
import { ClipWindow } from '../../../src/ingest/clip-window.ts';
import { sampleFilter } from '../../../src/ingest/ffmpeg-arguments.ts';
import { decodedPictureOf, decodedRateOf, Segmenter } from '../../../src/ingest/segmenter.ts';

const CLIP = { framesPerSecond: 30, frames: 4, width: 2, height: 1 } as const;
const BASE: Sampling = { framesPerSecond: 10, width: 2, height: 1, pixelFormat: 'gray8', framesPerSegment: 3 };
const SAMPLING: Sampling = { ...BASE, clip: CLIP };
const picture = (level: number) => new Uint8Array(6).fill(level);
/** The level of each picture of a clip. */
const levels = ({ clip }: { readonly clip?: Segment['clip'] | undefined | null }) =>
  Array.from({ length: clip?.frames ?? 0 }, (_, i) => clip?.pixels[i * 6]);

describe('a clip', () => {
  const window = () => new ClipWindow(CLIP, CLIP);

  test('shows at each of its moments the picture nearest in time', () => {
    const clips = window();
    expect(clips.cut()).toBeNull();
    for (const [n, seconds] of [0, 0.034, 0.066, 0.101, 0.133, 0.168].entries()) clips.push(picture(n), seconds);
    expect(levels({ clip: clips.cut() })).toEqual([2, 3, 4, 5]);
  });

  test('repeats pictures of a slow camera, and the first one where there is nothing before it', () => {
    const clips = window();
    clips.push(picture(1), 5);
    expect(levels({ clip: clips.cut() })).toEqual([1, 1, 1, 1]);
    clips.push(picture(2), 5.07);
    expect(levels({ clip: clips.cut() })).toEqual([1, 1, 2, 2]);
    clips.push(picture(3), 5.14);
    expect(levels({ clip: clips.cut() })).toEqual([2, 2, 3, 3]);
  });

  test('never looks back over a clock that went back', () => {
    const clips = window();
    clips.push(picture(1), 5);
    clips.push(picture(2), 4);
    expect(levels({ clip: clips.cut() })).toEqual([2, 2, 2, 2]);
  });
});

describe('segments with clips', () => {
  /** A camera of 30 pictures a second, of which every third is the segment's own. */
  const frame = (n: number, epoch = 7) => ({
    pixels: picture(n % 200),
    captureMs: Math.round((n * 1_000) / 30),
    mediaSeconds: n / 30,
    epoch,
    own: n % 3 === 0,
  });
  const cut = (frames: readonly ReturnType<typeof frame>[]) => {
    const segmenter = new Segmenter({ cameraId: 'gate', sampling: SAMPLING, fencingToken: 4 });
    return frames.flatMap((each) => segmenter.push(each) ?? []);
  };
  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  test('have their own frames and, up to the last of them, the pictures between', () => {
    const segments = cut(numbers(0, 20).map((n) => frame(n)));
    expect(segments.map(({ frameTimesMs }) => frameTimesMs)).toEqual([
      [0, 100, 200],
      [300, 400, 500],
    ]);
    expect(segments.map(({ pixels }) => [...pixels])).toEqual([
      [0, 0, 3, 3, 6, 6],
      [9, 9, 12, 12, 15, 15],
    ]);
    expect(segments.map(levels)).toEqual([
      [3, 4, 5, 6],
      [12, 13, 14, 15],
    ]);
  });

  test('do not reach back over an epoch, a hole or damage', () => {
    const [, next] = cut([...numbers(0, 7).map((n) => frame(n)), ...[30, 33, 36].map((n) => frame(n, 9))]);
    expect(next && levels(next)).toEqual([33, 33, 36, 36]); // of three pictures ten a second
    const [, late] = cut([...numbers(0, 7).map((n) => frame(n)), ...numbers(60, 67).map((n) => frame(n))]);
    expect(late && levels(late)).toEqual([63, 64, 65, 66]);
    const segmenter = new Segmenter({
      cameraId: 'gate',
      sampling: { ...SAMPLING, framesPerSegment: 1 },
      fencingToken: 4,
    });
    segmenter.push(frame(0));
    segmenter.interrupt();
    const after = segmenter.push(frame(3));
    expect(after && levels(after)).toEqual([3, 3, 3, 3]);
  });

  test('stand beside stills of another size, all out of one picture that is decoded', () => {
    const sampling: Sampling = { ...SAMPLING, still: { width: 4, height: 1 } };
    expect(decodedPictureOf(sampling)).toEqual({ width: 4, height: 1, pixelFormat: 'rgb24', bytes: 12 });
    expect(decodedRateOf(sampling)).toBe(30);
    const segmenter = new Segmenter({
      cameraId: 'gate',
      sampling: { ...sampling, framesPerSegment: 1 },
      fencingToken: 4,
    });
    const pixels = Uint8Array.of(10, 10, 10, 20, 20, 20, 30, 30, 30, 50, 50, 50);
    const segment = segmenter.push({ ...frame(0), pixels });
    expect([...(segment?.pixels ?? [])]).toEqual([15, 40]);
    expect(segment?.still?.pixels).toEqual(pixels);
    expect([...(segment?.clip?.pixels.slice(-6) ?? [])]).toEqual([15, 15, 15, 40, 40, 40]);
  });
});

describe('the filter', () => {
  test('is the same as ever for a camera without clips', () => {
    expect(sampleFilter(BASE)).toBe(
      "select='isnan(prev_selected_t)+gt(floor(t*10+0.5),floor(prev_selected_t*10+0.5))+lt(t,prev_selected_t)'," +
        'scale=2:1:flags=area,format=gray,settb=1/1000000,metadata=mode=add:key=vedette:value=1,' +
        "metadata=mode=print:key=vedette:file='pipe\\:4':direct=1",
    );
  });
});
