import { describe, expect, it } from 'vitest';
import { GapLedger, LossLedger } from '../../../src/bus/loss-ledger.ts';

const LIMIT = 4;

/** What the entries of `sequences` carry. */
function notesOf(sequences: readonly number[], epoch = 1, ledger = new LossLedger()) {
  return sequences.map((sequence) => ({ ...ledger.begin(epoch, sequence), limit: LIMIT }));
}

describe('the loss ledgers', () => {
  it('leave to ingest what ingest skipped', () => {
    const reader = new GapLedger();
    const lost = notesOf([0, 1, 5, 6, 7, 8, 9, 10, 11, 12]).map((note) => reader.observe(1, note));
    expect(lost.every((count) => count === 0)).toBe(true);
  });

  it('leave to the publisher what it trimmed, though entries written before the trim do not tell of it', () => {
    const publisher = new LossLedger();
    const before = notesOf([0, 1, 2, 3], 1, publisher);
    publisher.add(2); // 1 and 2 go to make room for 4 and 5
    const after = notesOf([4, 5, 6, 7, 8, 9], 1, publisher);
    const reader = new GapLedger();
    const read = [before[0], before[3], ...after].flatMap((note) => note ?? []);
    expect(read.map((note) => reader.observe(1, note))).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('let the reader count once what nobody else has counted, over an epoch too', () => {
    const publisher = new LossLedger();
    const first = notesOf([0, 1, 2], 1, publisher);
    const second = notesOf([0, 1, 2, 3, 4, 5, 6, 7], 2, publisher);
    const reader = new GapLedger();
    const read = [first[0], ...second.slice(1)].flatMap((note) => note ?? []); // 1 and 2 of the first, 0 of the second vanished
    const lost = read.map((note) => reader.observe(1, note));
    expect(lost.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(lost.slice(0, 4)).toEqual([0, 0, 0, 0]); // held back until a trim would have been told
  });

  it('do not count twice what the reader found vanished by its id', () => {
    const reader = new GapLedger();
    const notes = notesOf([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    reader.observe(1, { ordinal: 0, counted: 0, limit: LIMIT });
    reader.noteVanished(2);
    expect(notes.slice(3).map((note) => reader.observe(1, note))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('begin anew with another publisher, and ignore repeats', () => {
    const reader = new GapLedger();
    reader.observe(1, { ordinal: 9, counted: 0, limit: LIMIT });
    reader.observe(1, { ordinal: 3, counted: 0, limit: LIMIT });
    expect(reader.observe(2, { ordinal: 50, counted: 0, limit: LIMIT })).toBe(0);
    expect(reader.observe(2, { ordinal: 51, counted: 0, limit: LIMIT })).toBe(0);
  });
});
