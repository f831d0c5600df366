import { describe, expect, it } from 'vitest';
import { type BackdropState, knowsBrightness, stepBackdrop } from '../../../../src/score/figures/backdrop.ts';
import { decodeState, encodeState } from '../../../../src/score/state-codec.ts';
import { COLUMNS, type Figure, latticeOf, ROWS } from './figure-scene.ts';

const BAG: Figure = { column: 20, row: 25, width: 3, height: 2 };
const inBag = 26 * COLUMNS + 21;
const elsewhere = 5 * COLUMNS + 40;

function backdropAfter(
  segments: number,
  figures: readonly Figure[] = [],
  from: BackdropState | null = null,
  epoch = 1,
) {
  let state = from;
  let step = stepBackdrop(state, latticeOf(figures), epoch);
  for (let segment = 0; segment < segments; segment++) {
    step = stepBackdrop(state, latticeOf(figures), epoch);
    state = step.state;
  }
  return { ...step, state: step.state };
}

describe('the backdrop', () => {
  it('tells what stands before it, and for how long', () => {
    const { state } = backdropAfter(80);
    const { foreground } = backdropAfter(5, [BAG], state);
    expect(foreground.present[inBag]).toBe(1);
    expect(foreground.still[inBag]).toBe(5);
    expect(foreground.brighter[inBag]).toBeLessThan(-0.5);
    expect(foreground.present[elsewhere]).toBe(0);
    expect(foreground.present.reduce((sum, own) => sum + own, 0)).toBe(6);
  });

  it('does not count the time of what passes in front, and goes on counting behind it', () => {
    const { state } = backdropAfter(80);
    const stood = backdropAfter(6, [BAG], state);
    const passer: Figure = { column: 18, row: 20, width: 8, height: 9, velocityX: 2 };
    const hidden = backdropAfter(2, [BAG, passer], stood.state);
    expect(hidden.foreground.moving[inBag]).toBe(1);
    const { foreground } = backdropAfter(3, [BAG], hidden.state);
    expect(foreground.still[inBag]).toBe(6 - 2 + 3);
  });

  it('takes light off that changes over the whole picture, and follows it', () => {
    const { state } = backdropAfter(80);
    const dusk = stepBackdrop(state, latticeOf([BAG], 0.7), 1);
    expect(dusk.foreground.present[elsewhere]).toBe(0);
    expect(dusk.foreground.present[inBag]).toBe(1);
    let dark = dusk.state;
    for (let segment = 0; segment < 60; segment++) dark = stepBackdrop(dark, latticeOf([], 0.7), 1).state;
    expect(dark.levels[elsewhere]).toBeLessThan(state.levels[elsewhere] ?? 0);
  });

  it('takes for scenery what has stood for half an hour, and what stood there when it began', () => {
    const { state } = backdropAfter(80);
    const stood = backdropAfter(3_000, [BAG], state);
    expect(stood.foreground.present[inBag]).toBe(1);
    expect(backdropAfter(3_000, [BAG], stood.state).foreground.present[inBag]).toBe(0);
    const began = backdropAfter(60, [BAG]);
    expect(backdropAfter(2, [], began.state).foreground.present[inBag]).toBe(1);
  });

  it('forgets a person who stood in the first picture within half a minute', () => {
    const began = backdropAfter(1, [BAG]);
    expect(backdropAfter(70, [], began.state).foreground.present[inBag]).toBe(0);
  });

  it('begins anew where most of the picture is another, and keeps the scene over a break of the stream', () => {
    const { state } = backdropAfter(80);
    const other: Figure = { column: 0, row: 0, width: COLUMNS, height: 30, brightness: 0.15 };
    const moved = stepBackdrop(state, latticeOf([other]), 1);
    expect(moved.foreground.present.some((own) => own === 1)).toBe(false);
    const again = stepBackdrop(backdropAfter(4, [BAG], state).state, latticeOf([BAG]), 2);
    expect(again.foreground.present[inBag]).toBe(1);
    expect(again.foreground.still[inBag]).toBe(1);
  });

  it('goes on from a stored state, bit for bit, and leaves what it is given untouched', () => {
    const { state } = backdropAfter(30, [BAG]);
    const stored = (decodeState(Buffer.from(encodeState({ state }))) as { state: BackdropState }).state;
    const before = encodeState({ state });
    expect(encodeState(stepBackdrop(stored, latticeOf([]), 1))).toEqual(
      encodeState(stepBackdrop(state, latticeOf([]), 1)),
    );
    expect(encodeState({ state })).toEqual(before);
    expect(before.length).toBeLessThan(4.2 * ROWS * COLUMNS);
  });

  it('is not to be had of a lattice that does not know brightness', () => {
    const lattice = latticeOf([]);
    expect(knowsBrightness(lattice)).toBe(true);
    expect(knowsBrightness({ ...lattice, channels: 6 })).toBe(false);
  });
});
