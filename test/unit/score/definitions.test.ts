import { describe, expect, it } from 'vitest';
import { kindOf } from '../../../src/incident/incident-kind.ts';
import { CameraScorer } from '../../../src/score/camera-scorer.ts';
import { headsFor } from '../../../src/score/heads.ts';
import { DefinitionCues } from '../../../src/score/learned/definition-cues.ts';
import type { DefinitionSet } from '../../../src/score/learned/definition-set.ts';
import { embeddingBank } from '../../../src/score/learned/embedding-bank.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';
import type { SegmentScore } from '../../../src/score/segment-score.ts';
import { between, direction, embeddingNear } from './synthetic-embeddings.ts';
import { SyntheticStreet } from './synthetic-street.ts';

const LEARNED = 240;
/** Of the motion pack nothing counts: what is under test is the definitions, and learning is quick. */
const SETTINGS = {
  requiredSegments: LEARNED,
  heads: headsFor({ normality: false, detector: false, embeddings: ['clip'] }),
};

const PAVEMENT = direction(1);
const LYING = direction(2);
const SMOKE = direction(3);
const WALKING = between(PAVEMENT, direction(4), 0.6);

const definitions = (key: string, ...abnormal: readonly (readonly [string, Float32Array])[]): DefinitionSet => ({
  key,
  pack: 'clip',
  logitScale: 20,
  abnormal: abnormal.map(([name, embedding]) => ({ name, embedding })),
  normal: [WALKING],
});

/** Embeddings near that of the pavement, turned a little towards `towards` where given. */
class Street {
  readonly #random = new SeededRandom(5);
  readonly #scene = new SyntheticStreet(5);

  segment(sequence: number, towards: Float32Array | null = null, epoch = 1_000): SegmentFeatures {
    const usual = embeddingNear(PAVEMENT, 0.3, this.#random);
    const embedding = towards === null ? usual : between(usual, towards, 0.4);
    return { ...this.#scene.segment(sequence, epoch), learned: { embeddings: { clip: embedding }, heads: {} } };
  }
}

function learned(): { scorer: CameraScorer; street: Street } {
  const street = new Street();
  const scorer = new CameraScorer(SETTINGS);
  for (let sequence = 0; sequence < LEARNED; sequence++) scorer.observe(street.segment(sequence));
  return { scorer, street };
}

function scored(scorer: CameraScorer, features: SegmentFeatures): SegmentScore {
  const score = scorer.observe(features);
  if (score === null) throw new Error('still learning');
  return score;
}

const named = (score: SegmentScore, label: string) => score.cues.find((cue) => cue.label === label);

describe('definitions of a camera', () => {
  it('given what one describes, raise the score, lead, name the incident and explain it', () => {
    const { scorer, street } = learned();
    scorer.setDefinitions(definitions('1', ['somebody lies there', LYING], ['smoke', SMOKE]));
    const usual = scored(scorer, street.segment(LEARNED));
    scored(scorer, street.segment(LEARNED + 1, LYING));
    const fall = scored(scorer, street.segment(LEARNED + 2, LYING));
    expect(usual.score).toBeLessThan(0.4);
    expect(fall.score).toBeGreaterThan(0.55);
    expect(named(fall, 'somebody lies there')?.probability).toBeLessThan(0.001);
    expect(named(fall, 'smoke')?.probability).toBeGreaterThan(0.01);
    expect(fall).toMatchObject({ leadingCue: 'definition', hottestCell: null });
    expect(fall.explanation).toMatch(/^looks like the definition “somebody lies there”, 0\.\d\d against this camera’s/);
    expect(kindOf(fall.cues, fall.leadingCue)).toEqual({
      kind: 'definition',
      title: 'somebody lies there',
      object: null,
    });
  });

  it('when they change, count from the next segment on without learning anew', () => {
    const { scorer, street } = learned();
    scorer.setDefinitions(definitions('1', ['smoke', SMOKE]));
    expect(named(scored(scorer, street.segment(LEARNED, LYING)), 'smoke')?.probability).toBeGreaterThan(0.01);
    scorer.setDefinitions(definitions('2', ['fall', LYING]));
    const after = scored(scorer, street.segment(LEARNED + 1, LYING));
    expect(named(after, 'smoke')).toBeUndefined();
    expect(named(after, 'fall')?.probability).toBeLessThan(0.001);
    scorer.setDefinitions(null);
    expect(scored(scorer, street.segment(LEARNED + 2)).cues.map(({ name }) => name)).toEqual(['embedding:clip']);
  });

  it('given what is described but usual here, stay calm', () => {
    const { scorer, street } = learned();
    scorer.setDefinitions(definitions('1', ['pavement', PAVEMENT]));
    const scores = Array.from({ length: 40 }, (_, index) => scored(scorer, street.segment(LEARNED + index)));
    const alarming = scores.filter((score) => (named(score, 'pavement')?.probability ?? 0) < 0.005);
    expect(alarming).toHaveLength(0);
  });

  it('raise normal life no more often than their share', () => {
    const { scorer, street } = learned();
    scorer.setDefinitions(definitions('1', ['fall', LYING], ['smoke', SMOKE], ['walking', WALKING]));
    const scores = Array.from({ length: 400 }, (_, index) => scored(scorer, street.segment(LEARNED + index)));
    expect(scores.filter(({ surprise }) => surprise > Math.log(100)).length).toBeLessThan(16);
  });

  it('where the pack did not look, say nothing and count for nothing', () => {
    const { scorer, street } = learned();
    scorer.setDefinitions(definitions('1', ['fall', LYING]));
    const { learned: _, ...blind } = street.segment(LEARNED);
    const score = scored(scorer, blind);
    expect(named(score, 'fall')).toMatchObject({ raw: 0, probability: 1 });
    expect(score.surprise).toBeLessThan(0.5);
  });

  it('given before learning is over, wait for it; of another pack, or other length, count for nothing', () => {
    const street = new Street();
    const scorer = new CameraScorer(SETTINGS);
    scorer.setDefinitions(definitions('1', ['fall', LYING]));
    for (let sequence = 0; sequence < LEARNED; sequence++) {
      expect(scorer.observe(street.segment(sequence))).toBeNull();
    }
    expect(named(scored(scorer, street.segment(LEARNED, LYING)), 'fall')?.probability).toBeLessThan(0.001);
    scorer.setDefinitions({ ...definitions('2', ['fall', LYING]), pack: 'other' });
    expect(named(scored(scorer, street.segment(LEARNED + 1, LYING)), 'fall')).toBeUndefined();
    scorer.setDefinitions(definitions('3', ['fall', new Float32Array(3).fill(0.5)]));
    expect(named(scored(scorer, street.segment(LEARNED + 2, LYING)), 'fall')).toBeUndefined();
  });

  it('go on bit-equal after a restart, and after a restart that only knows the live state', () => {
    const { scorer: steady, street } = learned();
    const set = definitions('1', ['fall', LYING], ['smoke', SMOKE]);
    steady.setDefinitions(set);
    const state = steady.serialize();
    scored(steady, street.segment(LEARNED, LYING));
    let live = steady.live();
    for (let index = 1; index < 12; index++) {
      const restarted = CameraScorer.restore(state, SETTINGS, live);
      restarted.setDefinitions(set);
      const segment = street.segment(LEARNED + index, index % 3 === 0 ? LYING : null);
      const expected = scored(steady, segment);
      expect(JSON.stringify(scored(restarted, segment))).toBe(JSON.stringify(expected));
      live = steady.live();
    }
  });

  it('are told apart by what they say, not by their order', () => {
    const { scorer, street } = learned();
    const one = definitions('1', ['fall', LYING], ['smoke', SMOKE]);
    const probe = street.segment(LEARNED, SMOKE);
    scorer.setDefinitions(one);
    const first = scored(scorer, probe);
    scorer.setDefinitions({ ...one, key: '2', abnormal: one.abnormal.toReversed() });
    const second = scored(scorer, { ...probe, sequence: LEARNED + 1 });
    expect(named(second, 'smoke')?.probability).toBe(named(first, 'smoke')?.probability);
  });
});

describe('calibration of definitions', () => {
  const random = new SeededRandom(9);
  const bank = (count: number) =>
    embeddingBank(
      Array.from({ length: count }, (_, sequence) => ({
        embedding: embeddingNear(PAVEMENT, 0.3, random),
        epoch: 1,
        sequence,
      })),
    );

  it('needs forty looks at normal life', () => {
    const set = definitions('1', ['fall', LYING]);
    expect(DefinitionCues.calibrate(set, bank(39))).toBeNull();
    expect(DefinitionCues.calibrate(set, bank(40))).not.toBeNull();
    expect(DefinitionCues.calibrate(set, null)).toBeNull();
    expect(DefinitionCues.calibrate({ ...set, normal: [] }, bank(40))).toBeNull();
  });

  it('keeps what it is calibrated on below 1.3 MB, in blocks spread over all that was seen', () => {
    const many = bank(12_000);
    expect(many.values.byteLength).toBeLessThan(1.3e6);
    expect(many.begins.length).toBeGreaterThan(4_000);
    expect([...many.begins].filter((begins) => begins === 1).length).toBeGreaterThan(100);
  });
});
