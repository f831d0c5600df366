import { describe, expect, it } from 'vitest';
import { CameraScorer } from '../../../src/score/camera-scorer.ts';
import { headsFor, headsNamed } from '../../../src/score/heads.ts';
import { learnNormality } from '../../../src/score/learn-normality.ts';
import type { LearnedFeatures } from '../../../src/score/learned-features.ts';
import { SeededRandom } from '../../../src/score/random.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';
import type { SegmentScore } from '../../../src/score/segment-score.ts';
import { direction, embeddingNear } from './synthetic-embeddings.ts';
import { SyntheticStreet } from './synthetic-street.ts';

const LEARNED = 240;
const HEAD = { id: 'fights' };
const SETTINGS = { requiredSegments: LEARNED, heads: headsFor({ normality: false, detector: false, heads: [HEAD] }) };

const fights = (score: number, label = 'fight'): LearnedFeatures => ({
  embeddings: {},
  heads: {
    fights: {
      score,
      experts: [
        { label: 'chase', score: score / 3 },
        { label, score },
      ],
    },
  },
});

/** An ordinary score of the head: logits about -3. */
const ordinary = (random: SeededRandom) => 1 / (1 + Math.exp(3 + 1.5 * (random.next() - 0.5)));

function street(seed: number, learned: (sequence: number, random: SeededRandom) => LearnedFeatures | undefined) {
  const random = new SeededRandom(seed + 99);
  const scene = new SyntheticStreet(seed);
  return (sequence: number, own?: LearnedFeatures): SegmentFeatures => {
    const features = scene.segment(sequence);
    const given = own ?? learned(sequence, random);
    return given ? { ...features, learned: given } : features;
  };
}

function teach(scorer: CameraScorer, segment: (sequence: number) => SegmentFeatures): void {
  for (let sequence = 0; sequence < LEARNED; sequence++) scorer.observe(segment(sequence));
}

function scored(scorer: CameraScorer, features: SegmentFeatures): SegmentScore {
  const score = scorer.observe(features);
  if (score === null) throw new Error('still learning');
  return score;
}

const cueOf = (score: SegmentScore, name: string) => {
  const cue = score.cues.find((one) => one.name === name);
  if (!cue) throw new Error(`no cue ${name}`);
  return cue;
};

describe('a trained head', () => {
  it('given a score far above what is normal here, raises the segment, names the expert and explains', () => {
    const scorer = new CameraScorer({ ...SETTINGS, heads: headsFor({ detector: false, heads: [HEAD] }) });
    const segment = street(1, (_, random) => fights(ordinary(random)));
    teach(scorer, segment);
    const usual = scored(scorer, segment(LEARNED));
    const begins = scored(scorer, segment(LEARNED + 1, fights(0.93)));
    const fight = scored(scorer, segment(LEARNED + 2, fights(0.93)));
    expect(usual.score).toBeLessThan(0.4);
    expect(begins.score).toBeGreaterThan(usual.score + 0.1);
    expect(fight.score).toBeGreaterThan(0.5);
    expect(fight.leadingCue).toBe('learned:fights');
    expect(cueOf(fight, 'learned:fights')).toMatchObject({ label: 'fight' });
    expect(fight.explanation).toMatch(
      /^fight 0\.93 by the pack fights, expert “fight”; at most 0\.\d\d in normal life here$/,
    );
  });

  it('given a camera before which it often fires, asks for more', () => {
    const calm = new CameraScorer(SETTINGS);
    teach(
      calm,
      street(1, (_, random) => fights(ordinary(random))),
    );
    const lively = new CameraScorer(SETTINGS);
    teach(
      lively,
      street(1, (_, random) => fights(random.next() < 0.1 ? 0.9 : ordinary(random))),
    );
    const next = street(1, () => undefined)(LEARNED, fights(0.9));
    const surprise = (scorer: CameraScorer) => cueOf(scored(scorer, next), 'learned:fights').probability;
    expect(surprise(calm)).toBeLessThan(0.001);
    expect(surprise(lively)).toBeGreaterThan(0.02);
  });

  it('when it did not look, says nothing, and is calibrated on what it did look at', () => {
    const scorer = new CameraScorer(SETTINGS);
    const segment = street(2, (sequence, random) =>
      sequence % 2 === 0 ? fights(0.4 + 0.1 * random.next()) : undefined,
    );
    teach(scorer, segment);
    expect(cueOf(scored(scorer, segment(LEARNED + 1)), 'learned:fights')).toMatchObject({ raw: 0, probability: 1 });
    // taken for a score, the silence (raw 0, like 0.5) would have made this ordinary
    expect(cueOf(scored(scorer, segment(LEARNED + 2, fights(0.9))), 'learned:fights').probability).toBeLessThan(0.01);
  });

  it('when it never looked while learning, goes by what is ordinary anywhere', () => {
    const scorer = new CameraScorer(SETTINGS);
    const segment = street(3, () => undefined);
    teach(scorer, segment);
    expect(cueOf(scored(scorer, segment(LEARNED, fights(0.03))), 'learned:fights').probability).toBeGreaterThan(0.1);
    expect(cueOf(scored(scorer, segment(LEARNED + 1, fights(0.95))), 'learned:fights').probability).toBeLessThan(0.01);
  });

  it('given a head that is always sure of nothing, does not take noise far below its threshold for surprise', () => {
    const scorer = new CameraScorer(SETTINGS);
    const segment = street(4, () => fights(1e-7));
    teach(scorer, segment);
    expect(cueOf(scored(scorer, segment(LEARNED, fights(1e-4))), 'learned:fights').probability).toBe(1);
    expect(Number.isFinite(scored(scorer, segment(LEARNED + 1, fights(1))).score)).toBe(true);
  });
});

describe('a descriptor of the whole picture', () => {
  const heads = headsFor({ normality: false, detector: false, embeddings: ['clip'] });
  const home = direction(1);
  const look = (embedding: Float32Array): LearnedFeatures => ({ embeddings: { clip: embedding }, heads: {} });

  it('given a picture unlike all normal ones, is surprised; alone it can raise the score by itself', () => {
    const scorer = new CameraScorer({ requiredSegments: LEARNED, heads });
    const segment = street(5, (_, random) => look(embeddingNear(home, 0.2, random)));
    teach(scorer, segment);
    const usual = scored(scorer, segment(LEARNED));
    const odd = scored(scorer, segment(LEARNED + 1, look(direction(2))));
    expect(usual.score).toBeLessThan(0.45);
    expect(odd.score).toBeGreaterThan(usual.score + 0.2);
    expect(odd.leadingCue).toBe('embedding:clip');
    expect(odd.explanation).toMatch(
      /^the picture as a whole \d+\.\d times further from any known look than anything seen/,
    );
  });

  it('beside the motion cues never says more than the history is long', () => {
    const beside = headsFor({ detector: false, embeddings: ['clip'] });
    const scorer = new CameraScorer({ requiredSegments: LEARNED, heads: beside });
    const segment = street(5, (_, random) => look(embeddingNear(home, 0.2, random)));
    teach(scorer, segment);
    const odd = scored(scorer, segment(LEARNED, look(direction(2))));
    expect(cueOf(odd, 'embedding:clip').probability).toBeCloseTo(1 / (1 + LEARNED / 12), 6);
  });
});

describe('heads by name', () => {
  it('come back from their names alone, as the learning thread needs them', () => {
    const heads = headsFor({ detector: true, heads: [{ id: 'fights' }], embeddings: ['clip-vit-b16'] });
    const names = heads.map(({ name }) => name);
    expect(names.slice(-3)).toEqual(['objects', 'learned:fights', 'embedding:clip-vit-b16']);
    expect(headsNamed(names).map(({ name }) => name)).toEqual(names);
    const alone = headsFor({ normality: false, detector: false, embeddings: ['clip-vit-b16'] });
    expect(headsNamed(alone.map(({ name }) => name)).map(({ cues }) => cues)).toEqual(alone.map(({ cues }) => cues));
    expect(headsNamed(['nobody'])).toEqual([]);
  });

  it('learn the same elsewhere as in place', () => {
    const heads = headsFor({ detector: false, heads: [{ id: 'fights' }], embeddings: ['clip'] });
    const both = (random: SeededRandom): LearnedFeatures => ({
      ...fights(ordinary(random)),
      embeddings: { clip: embeddingNear(direction(1), 0.2, random) },
    });
    const scorer = new CameraScorer({ requiredSegments: LEARNED, heads, deferLearning: true });
    const segment = street(6, (_, random) => both(random));
    teach(scorer, segment);
    const task = scorer.takeTask();
    if (task === null) throw new Error('nothing to learn');
    const here = learnNormality(task.samples, heads, task.shape, task.seed);
    expect(learnNormality(task.samples, headsNamed(task.heads), task.shape, task.seed)).toEqual(here);
  });

  it('look at the motion pack’s cues only where it was named, and never at nothing', () => {
    const names = (senses: Parameters<typeof headsFor>[0]) => headsFor(senses).map(({ name }) => name);
    expect(names({ normality: false, detector: false, heads: [{ id: 'fights' }] })).toEqual(['learned:fights']);
    expect(names({ normality: false, detector: false })).toEqual(names({ detector: false }));
  });
});

describe('a camera without learned packs', () => {
  it('scores as if there were none in the service, whatever a runner may send along', () => {
    const plain = new CameraScorer({ requiredSegments: LEARNED });
    const sent = new CameraScorer({ requiredSegments: LEARNED });
    const one = street(7, () => undefined);
    const other = street(7, () => ({ embeddings: { clip: direction(3) }, heads: {} }));
    teach(plain, one);
    teach(sent, other);
    expect(JSON.stringify(scored(sent, other(LEARNED)))).toBe(JSON.stringify(scored(plain, one(LEARNED))));
    expect(Buffer.from(sent.serialize()).equals(plain.serialize())).toBe(true);
  });
});
