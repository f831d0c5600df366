import { describe, expect, it } from 'vitest';
import { SnippetHistory } from '../../../src/infer/runner/snippet-history.ts';

const snippet = (value: number) => Float32Array.of(value);
const shown = (history: SnippetHistory, length: number) => history.window(length).map((each) => each?.[0] ?? null);

describe('what a head sees of a camera’s past', () => {
  it('is empty before the epoch began, and forgets the oldest', () => {
    const history = new SnippetHistory(3);
    expect(shown(history, 2)).toEqual([null, null]);
    for (let sequence = 0; sequence < 2; sequence++) history.push({ epoch: 1, sequence }, snippet(sequence));
    expect(shown(history, 3)).toEqual([null, 0, 1]);
    for (let sequence = 2; sequence < 5; sequence++) history.push({ epoch: 1, sequence }, snippet(sequence));
    expect([shown(history, 3), shown(history, 1)]).toEqual([[2, 3, 4], [4]]);
  });

  it('keeps the place of what was lost or not looked at', () => {
    const history = new SnippetHistory(4);
    history.push({ epoch: 1, sequence: 5 }, snippet(5));
    history.push({ epoch: 1, sequence: 7 }, snippet(7));
    history.push({ epoch: 1, sequence: 8 }, null);
    expect(shown(history, 4)).toEqual([5, null, 7, null]);
    history.push({ epoch: 1, sequence: 1_000_000_000 }, snippet(1));
    expect(shown(history, 4)).toEqual([null, null, null, 1]);
  });

  it('begins anew with an epoch, and with a recording that is read again', () => {
    const history = new SnippetHistory(3);
    history.push({ epoch: 1, sequence: 4 }, snippet(4));
    history.push({ epoch: 2, sequence: 5 }, snippet(5));
    expect(shown(history, 3)).toEqual([null, null, 5]);
    history.push({ epoch: 2, sequence: 0 }, snippet(0));
    expect(shown(history, 3)).toEqual([null, null, 0]);
  });
});
