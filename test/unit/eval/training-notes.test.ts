import { describe, expect, it } from 'vitest';
import { trainingNotes } from '../../../src/eval/training-notes.ts';

const base = { id: 'motion-grid', version: '1.0.0' };
const pack = (fields: object) => ({ id: 'fights', version: '1.0.0', ...fields });
const validated = {
  dataset: 'fights-dev',
  protocol: 'five-fold cross-validation by source',
  auc: 0.9,
  aucInterval: [0.85, 0.95],
};

describe('figures on what a pack was made from', () => {
  it('are said to be no test where the manifest names the dataset, whatever the case', () => {
    const trained = pack({ trainedOn: '190 clips of Fights-Dev, by source' });
    expect(trainingNotes('fights-dev', [base, trained])).toEqual([
      'fights was trained on fights-dev: these figures are not a test',
    ]);
    const encoder = { ...trained, id: 'fights-encoder' };
    expect(trainingNotes('fights-dev', [base, encoder, trained])).toEqual([
      'fights-encoder and fights were trained on fights-dev: these figures are not a test',
    ]);
  });

  it('are told from those on other data, even of a longer name', () => {
    const trained = pack({ trainedOn: 'fights-dev-2: 20 clips; my-fights-dev; fights-developer' });
    expect(trainingNotes('fights-dev', [base, trained])).toEqual([]);
    expect(trainingNotes('fights', [trained])).toEqual([]);
    expect(trainingNotes('other', [pack({ measured: [validated] })])).toEqual([]);
  });

  it('stand beside the pack’s own cross-validation, which alone says that it has seen the data', () => {
    const notShipped = { ...validated, auc: 0.99, shipped: false };
    expect(trainingNotes('fights-dev', [base, pack({ measured: [notShipped, validated] })])).toEqual([
      'fights was trained on fights-dev: these figures are not a test',
      'fights by its own cross-validation on fights-dev: AUC 0.9 (0.85 to 0.95)',
    ]);
  });

  it('are a test where the pack was only measured there', () => {
    const measured = [{ dataset: 'fights-dev', protocol: 'looked at once', auc: 0.8 }];
    expect(trainingNotes('fights-dev', [pack({ measured, trainedOn: 'other clips' })])).toEqual([]);
  });
});
