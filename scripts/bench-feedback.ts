import { parseArgs } from 'node:util';
import { runFeedbackTrial } from './bench-feedback/feedback-trial.ts';

/**
 * What three clicks change, on generated streets: `npx tsx scripts/bench-feedback.ts [--streets 11,12,13] [--clips 10]`.
 * Prints JSON, one object a street.
 */
const { values } = parseArgs({
  options: {
    streets: { type: 'string', default: '11,12,13' },
    clips: { type: 'string', default: '10' },
  },
});
for (const street of values.streets.split(',').map(Number)) {
  const outcome = await runFeedbackTrial({
    street,
    kinds: ['vehicle', 'cyclist', 'runner', 'brawl'],
    clipsPerKind: Number(values.clips),
    learnSeconds: 600,
    normalSeconds: 600,
  });
  console.log(JSON.stringify(outcome));
}
