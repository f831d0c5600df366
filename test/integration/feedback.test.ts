import { describe, expect, test } from 'vitest';
import { runFeedbackTrial } from '../../scripts/bench-feedback/feedback-trial.ts';

describe('feedback on a generated street, through the real pack and scorer', () => {
  test('after three dismissals of the van its repeats stay silent, and other kinds are still told', async () => {
    const { kinds, normalAlerts } = await runFeedbackTrial({
      street: 12,
      kinds: ['vehicle', 'cyclist'],
      clipsPerKind: 6,
      learnSeconds: 600,
      normalSeconds: 120,
    });
    expect(normalAlerts).toBe(0);
    const van = kinds.find(({ kind }) => kind === 'vehicle');
    if (!van?.afterDismissals || !van.afterConfirmations)
      throw new Error('no van alerted, there is nothing to dismiss');
    const { silent, othersAlerted } = van.afterDismissals;
    expect(silent.of).toBeGreaterThan(0);
    expect(silent.count / silent.of).toBeGreaterThanOrEqual(0.8);
    expect(othersAlerted.of).toBeGreaterThan(0);
    expect(othersAlerted.count).toBe(othersAlerted.of);
    expect(van.afterConfirmations.after.count).toBeGreaterThanOrEqual(van.afterConfirmations.before.count);
    expect(van.afterConfirmations.normalAlerts).toBe(0);
  }, 240_000);
});
