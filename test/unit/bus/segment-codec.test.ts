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
