import { describe, expect, it } from 'vitest';
import { LearningMemory, type SavedMemory } from '../../../src/score/learning-memory.ts';
import type { Observation } from '../../../src/score/observation.ts';
import { decodeState, encodeState } from '../../../src/score/state-codec.ts';

const START = Date.UTC(2026, 0, 1, 8);

function observation(sequence: number, figures = 1): Observation {
  const startMs = START + sequence * 500;
  return {
    epoch: START,
    sequence,
    startMs,
    endMs: startMs + 400,
    values: Float32Array.from({ length: 32 }, (_, index) => Math.sin(sequence + index)),
    blobs: new Float32Array(0),
    figures: new Float32Array(figures * 14),
    objects: null,
  };
}

function filled(segments: number, maximum: number): LearningMemory {
  const memory = new LearningMemory(maximum, 7);
  for (let sequence = 0; sequence < segments; sequence++) memory.add(observation(sequence), 0);
  return memory;
}

describe('the memory of normal life', () => {
  it('keeps whole blocks of neighbours, in order, and no more than it may', () => {
    const samples = filled(2_000, 240).samples();
    expect(samples.length).toBeLessThanOrEqual(240 + 12);
    const sequences = samples.map(({ sequence }) => sequence);
    expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
    expect(sequences.filter((sequence, index) => sequences[index - 1] !== sequence - 1).length).toBeLessThanOrEqual(21);
    // of all the time, not of its beginning or end
    expect(Math.min(...sequences)).toBeLessThan(400);
    expect(Math.max(...sequences)).toBeGreaterThan(1_600);
  });

  it('gives values back within 0.4 percent at half the bytes', () => {
    const memory = filled(60, 240);
    for (const { sequence, values } of memory.samples()) {
      const own = observation(sequence).values;
      values.forEach((value, index) => {
        expect(Math.abs(value - (own[index] ?? 0))).toBeLessThanOrEqual(Math.abs(own[index] ?? 0) / 256);
      });
    }
    expect(memory.moments().every(({ values }) => values.BYTES_PER_ELEMENT === 2)).toBe(true);
  });

  it('goes on alike from what was saved', () => {
    const [one, other] = [filled(500, 120), filled(500, 120)];
    const restored = LearningMemory.restore(120, decodeState(encodeState(other.saved())) as SavedMemory);
    for (let sequence = 500; sequence < 900; sequence++) {
      one.add(observation(sequence), 0);
      restored.add(observation(sequence), 0);
    }
    expect(restored.samples()).toEqual(one.samples());
  });

  it('takes over what an edition kept that did not halve', () => {
    const memory = filled(60, 240);
    const whole = {
      ...memory.saved(),
      blocks: memory
        .saved()
        .blocks.map((block) => block.map((sample) => ({ ...sample, values: observation(sample.sequence).values }))),
    };
    const restored = LearningMemory.restore(240, decodeState(encodeState(whole)) as SavedMemory);
    expect(restored.samples()).toEqual(memory.samples());
  });

  it('keeps a busy day when empty nights follow', () => {
    const memory = filled(2_000, 240);
    for (let block = 0; block < 200; block++) {
      const first = 100_000 + block * 1_200;
      memory.admit(
        Array.from({ length: 12 }, (_, index) => observation(first + index, 0)),
        0,
      );
    }
    const empty = memory.samples().filter(({ figures }) => figures?.length === 0).length;
    expect(empty).toBeGreaterThan(24);
    expect(empty).toBeLessThanOrEqual(0.2 * 240 + 12);
  });
});
