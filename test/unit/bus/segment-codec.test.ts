import { describe, expect, it } from 'vitest';
import { redisOptions } from '../../../src/bus/connect-redis.ts';
import { decodeSegment, encodeSegment } from '../../../src/bus/segment-codec.ts';
import { makeSegment } from '../../support/segments.ts';

const losses = { ordinal: 4, counted: 1, limit: 64 };

describe('the wire form of a segment', () => {
  it('gives the segment back, without copying its pixels either way', () => {
    const whole = new Uint8Array(64).map((_, i) => i);
    const segment = makeSegment({ pixels: whole.subarray(8, 40), sequence: 3, fencingToken: 9 });
    const { header, pixels } = encodeSegment(segment, losses);
    expect(pixels.buffer).toBe(whole.buffer);
    expect(header.byteLength).toBeLessThan(400);
    const decoded = decodeSegment(header, pixels);
    expect({ ...decoded.segment, pixels: [...decoded.segment.pixels] }).toEqual({
      ...segment,
      pixels: [...segment.pixels],
    });
    expect(decoded.segment.pixels.buffer).toBe(whole.buffer);
    expect(decoded.losses).toEqual(losses);
  });

  it('carries a still beside the frames, and does without where it got lost on the way', () => {
    const still = { width: 3, height: 2, pixels: new Uint8Array(18).map((_, i) => i) };
    const encoded = encodeSegment(makeSegment({ still }), losses);
    const { segment } = decodeSegment(encoded.header, encoded.pixels, encoded.still);
    expect(segment.still).toMatchObject({ width: 3, height: 2 });
    expect([...(segment.still?.pixels ?? [])]).toEqual([...still.pixels]);
    expect(decodeSegment(encoded.header, encoded.pixels).segment).not.toHaveProperty('still');
    expect(() => decodeSegment(encoded.header, encoded.pixels, Buffer.alloc(17))).toThrow('makes 18 bytes, not 17');
  });

  it('carries a clip likewise', () => {
    const clip = { framesPerSecond: 30, frames: 2, width: 3, height: 2, pixels: new Uint8Array(36).map((_, i) => i) };
    const encoded = encodeSegment(makeSegment({ clip }), losses);
    expect(encoded.clip?.buffer).toBe(clip.pixels.buffer);
    const { segment } = decodeSegment(encoded.header, encoded.pixels, null, encoded.clip);
    expect({ ...segment.clip, pixels: [...(segment.clip?.pixels ?? [])] }).toEqual({
      ...clip,
      pixels: [...clip.pixels],
    });
    expect(decodeSegment(encoded.header, encoded.pixels).segment).not.toHaveProperty('clip');
    expect(() => decodeSegment(encoded.header, encoded.pixels, null, Buffer.alloc(35))).toThrow(
      'makes 36 bytes, not 35',
    );
  });

  it('is the same to the byte as ever for a segment without a still', () => {
    const { header, still } = encodeSegment(makeSegment(), losses);
    expect(Object.keys(JSON.parse(header.toString()) as object).join(' ')).toBe(
      'v camera epoch sequence token times media width height format ordinal counted limit',
    );
    expect(still).toBeNull();
  });

  it.each([
    ['a header that is not JSON', Buffer.from('{'), 32, 'header'],
    ['another version', Buffer.from('{"v":2}'), 32, 'version'],
    ['too few pixels', encodeSegment(makeSegment(), losses).header, 31, 'make 32 bytes, not 31'],
  ])('refuses %s', (_, header, sizeBytes, reason) => {
    expect(() => decodeSegment(header, Buffer.alloc(sizeBytes))).toThrow(reason);
  });
});

describe('a Redis address', () => {
  it('may be a URL with everything in it, or a socket', () => {
    expect(redisOptions('rediss://me:p%40ss@cache.example:7000/2', 'client')).toMatchObject({
      host: 'cache.example',
      port: 7000,
      db: 2,
      username: 'me',
      password: 'p@ss',
      tls: { servername: 'cache.example' },
    });
    expect(redisOptions('unix:///var/run/a%20b.sock', 'worker')).toMatchObject({ path: '/var/run/a b.sock' });
    expect(redisOptions('/tmp/x.sock', 'client')).toMatchObject({ path: '/tmp/x.sock' });
  });

  it.each(['http://cache.example', 'cache', 'redis://cache.example/x'])('refuses %s with the field', (url) => {
    expect(() => redisOptions(url, 'client')).toThrow(
      expect.objectContaining({ code: 'VDT_CONFIG_INVALID', message: expect.stringContaining('redisUrl') }),
    );
  });
});
