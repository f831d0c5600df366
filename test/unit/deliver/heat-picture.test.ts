import { describe, expect, it } from 'vitest';
import { heatMapOf, heatPixels } from '../../../src/deliver/heat-picture.ts';
import { jpegSize } from '../../../src/deliver/jpeg-size.ts';

describe('the heat of an incident as pixels', () => {
  it('is see-through yellow where nothing is strange and strong red where it is strangest', () => {
    const [calm, half, hot] = [0, 4, 8].map((at) => [
      ...heatPixels({ rows: 1, columns: 3, values: [0, 0.5, 1] }).subarray(at, at + 4),
    ]);
    expect(calm).toEqual([255, 220, 0, 0]);
    expect(half).toEqual([255, 110, 0, 83]);
    expect(hot).toEqual([255, 0, 0, 166]);
  });

  it('keeps what is out of range within it, and takes missing cells for calm', () => {
    const pixels = heatPixels({ rows: 1, columns: 3, values: [-5, 7] });
    expect([pixels[3], pixels[7], pixels[11]]).toEqual([0, 166, 0]);
  });

  it('is none where the values do not fit the grid', () => {
    expect(heatMapOf({ heat: null, gridRows: 2, gridColumns: 2 })).toBeNull();
    expect(heatMapOf({ heat: [1, 2, 3], gridRows: 2, gridColumns: 2 })).toBeNull();
    expect(heatMapOf({ heat: [], gridRows: 0, gridColumns: 2 })).toBeNull();
    expect(heatMapOf({ heat: [0, 1], gridRows: 1, gridColumns: 2 })).toEqual({ rows: 1, columns: 2, values: [0, 1] });
  });
});

describe('the size of a JPEG', () => {
  it('comes from its frame header, past other segments', () => {
    const bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 11, 8, 1, 0x40, 2, 0x80, 1, 0, 0);
    expect(jpegSize(bytes)).toEqual({ height: 320, width: 640 });
  });

  it.each([[[]], [[0x89, 0x50, 0x4e, 0x47]], [[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2]]])('is unknown of %j', (bytes) => {
    expect(jpegSize(Uint8Array.from(bytes))).toBeNull();
  });
});
