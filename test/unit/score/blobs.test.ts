import { describe, expect, it } from 'vitest';
import { BLOB_FIELDS, blobIndex, extractBlobs, MAXIMUM_BLOBS } from '../../../src/score/blobs.ts';
import { MOTION_LATTICE_CHANNELS } from '../../../src/score/motion-grid-channels.ts';
import { observationOf } from '../../../src/score/observe.ts';
import { emptyLattice, putShape } from './synthetic-lattice.ts';
import { SyntheticStreet } from './synthetic-street.ts';

describe('moving shapes', () => {
  it('finds nothing where nothing moves', () => {
    expect(extractBlobs(emptyLattice())).toHaveLength(0);
  });

  it('gives a lone mover its place, size and velocity', () => {
    const lattice = emptyLattice();
    putShape(lattice, { row: 10, column: 20, height: 6, width: 3, velocityX: 1.2, velocityY: -0.2 });
    const blobs = extractBlobs(lattice);
    expect(blobs).toHaveLength(BLOB_FIELDS.length);
    const field = (name: (typeof BLOB_FIELDS)[number]) => blobs[blobIndex(name)] ?? Number.NaN;
    expect([field('left'), field('right')]).toEqual([expect.closeTo(20 / 60, 5), expect.closeTo(23 / 60, 5)]);
    expect([field('top'), field('bottom')]).toEqual([expect.closeTo(10 / 40, 5), expect.closeTo(16 / 40, 5)]);
    expect(field('velocityX')).toBeCloseTo(1.2, 2);
    expect(field('velocityY')).toBeCloseTo(-0.2, 2);
    expect(field('speed')).toBeCloseTo(Math.hypot(1.2, 0.2), 2);
  });

  it('tells two bodies that walk side by side from one another', () => {
    const lattice = emptyLattice();
    putShape(lattice, { row: 10, column: 20, height: 6, width: 3, velocityX: 1 });
    putShape(lattice, { row: 10, column: 26, height: 6, width: 3, velocityX: -1 });
    const blobs = extractBlobs(lattice);
    const courses = [0, 1].map((blob) => Math.sign(blobs[blob * BLOB_FIELDS.length + blobIndex('velocityX')] ?? 0));
    expect(blobs).toHaveLength(2 * BLOB_FIELDS.length);
    expect(courses.sort()).toEqual([-1, 1]);
  });

  it('keeps to its bound when everything moves', () => {
    const lattice = emptyLattice();
    for (let index = 0; index < lattice.values.length; index++) {
      lattice.values[index] = 0.02 + 0.05 * (((index * 2_654_435_761) >>> 8) % 97 === 0 ? 1 : 0);
    }
    expect(extractBlobs(lattice).length).toBeLessThanOrEqual(MAXIMUM_BLOBS * BLOB_FIELDS.length);
  });

  it('is finite for a lattice of zeros with one speck', () => {
    const lattice = emptyLattice();
    lattice.values[MOTION_LATTICE_CHANNELS.indexOf('change')] = 1;
    expect(extractBlobs(lattice).every(Number.isFinite)).toBe(true);
  });
});

describe('what is observed of a segment', () => {
  const street = new SyntheticStreet(1);
  const object = {
    box: { left: 20 / 60, right: 23 / 60, top: 10 / 40, bottom: 16 / 40 },
    confidence: 0.9,
    label: 'person',
    classProbabilities: Float32Array.of(0.9),
  };

  it('tells how fast a detected object moves', () => {
    const lattice = emptyLattice();
    putShape(lattice, { row: 10, column: 20, height: 6, width: 3, velocityX: 1.5 });
    const { objects } = observationOf({ ...street.segment(0), lattice, objects: [object] });
    expect(objects?.[0]?.speed).toBeCloseTo(1.5, 2);
    expect(objects?.[0]?.velocityX).toBeCloseTo(1.5, 1);
    expect(objects?.[0]?.label).toBe('person');
  });

  it('looks at the nearest place when a box is smaller than one, even at the very edge', () => {
    const box = { left: 0.999, right: 1, top: 0.999, bottom: 1 };
    const { objects } = observationOf({ ...street.segment(0), lattice: emptyLattice(), objects: [{ ...object, box }] });
    expect(objects?.[0]?.speed).toBe(0);
  });

  it('keeps "nobody looked" apart from "nobody there"', () => {
    expect(observationOf({ ...street.segment(0), objects: null }).objects).toBeNull();
    expect(observationOf(street.segment(0)).objects).toBeNull();
    expect(observationOf({ ...street.segment(0), objects: [] }).objects).toEqual([]);
  });
});
