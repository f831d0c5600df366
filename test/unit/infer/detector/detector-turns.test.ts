import { describe, expect, it } from 'vitest';
import { DetectorTurns, type Turn } from '../../../../src/infer/runner/detector/detector-turns.ts';

const turn = (index: number, cameraId: string | null, behindMs = 0, hasStill = true): Turn => ({
  index,
  cameraId,
  behindMs,
  hasStill,
});
const indicesOf = (turns: DetectorTurns, given: readonly Turn[]) =>
  turns.order(given).flatMap((group) => group.indices);

describe('who gets the detector', () => {
  it('leaves out live segments that have waited too long or lost their still', () => {
    const turns = new DetectorTurns();
    expect(indicesOf(turns, [turn(0, 'a', 201), turn(1, 'b', 200), turn(2, 'c', 0, false)])).toEqual([1]);
  });

  it('never leaves out a recording', () => {
    const turns = new DetectorTurns();
    const groups = turns.order([turn(0, 'a'), turn(1, null, 9_999)]);
    expect(groups.map(({ live, indices }) => [live, indices])).toEqual([
      [false, [1]],
      [true, [0]],
    ]);
  });

  it('begins with the camera that was not looked at for longest', () => {
    const turns = new DetectorTurns();
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, index) => turn(index, id));
    const [first, second] = turns.order(all);
    expect([first?.cameraIds, second?.cameraIds]).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e', 'f'],
    ]);
    if (first) turns.note(first, 1_000);
    expect(turns.order(all)[0]?.cameraIds.slice(0, 2)).toEqual(['e', 'f']);
    turns.forget('c');
    expect(turns.order(all)[0]?.cameraIds.slice(0, 3)).toEqual(['c', 'e', 'f']);
  });
});
