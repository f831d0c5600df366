// What a costly pack's `runWhen` saves and loses: for each threshold the share of segments at which it would look, and the share of
// anomalous events and segments that it would see. No costly pack is run: motion alone decides.
// usage: npm run bench:cascade -- DATASET.json… (kind scene, with normal recordings)

import { livePath } from '../src/cli/eval.ts';
import { openExtraction } from '../src/cli/extraction.ts';
import { CameraRun } from '../src/eval/camera-run.ts';
import type { EvaluatedCamera } from '../src/eval/live-path.ts';
import { loadDataset } from '../src/eval/load-input.ts';
import { loadConfig } from '../src/platform/load-config.ts';
import { createLogger } from '../src/platform/logger.ts';
import { attend, isAttending, UNATTENDED } from '../src/score/attention.ts';
import type { SegmentScore } from '../src/score/segment-score.ts';

const SURPRISES = [1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6];
const HOLD_SECONDS = 5;
/** An event counts as seen when the pack looks within so many seconds of its beginning. */
const SEEN_WITHIN_SECONDS = 3;

interface Watched {
  readonly scores: readonly Pick<SegmentScore, 'cues' | 'startMs' | 'endMs'>[];
  readonly anomalous: readonly boolean[];
  /** First segment of each event. */
  readonly onsets: readonly number[];
}

const config = loadConfig(undefined, process.env);
const watched: Watched[] = [];
for (const file of process.argv.slice(2)) watched.push(...(await watch(file)));
if (watched.length === 0) throw new Error('no dataset given');

console.log(
  `| runs from, nats | compute | in normal life | events seen within ${SEEN_WITHIN_SECONDS} s | anomalous segments seen |`,
);
console.log('| --- | --- | --- | --- | --- |');
for (const surprise of SURPRISES) console.log(row(surprise));

async function watch(file: string): Promise<Watched[]> {
  const dataset = await loadDataset(file);
  if (dataset.kind !== 'scene') throw new Error(`${file} is no scene`);
  const extraction = await openExtraction({
    config,
    packIds: ['motion-grid'],
    logger: createLogger({ level: 'error' }),
  });
  const found: Watched[] = [];
  try {
    for (const camera of dataset.cameras) {
      const path = livePath(config, extraction.plan, extraction.extract);
      let heard: SegmentScore[] = [];
      const openCamera: typeof path.openCamera = (...given) => {
        const own = path.openCamera(...given);
        const observe: EvaluatedCamera['observe'] = (features) => {
          const outcome = own.observe(features);
          if (outcome) heard.push(outcome.score);
          return outcome;
        };
        return Object.assign(Object.create(own) as EvaluatedCamera, { observe });
      };
      const run = new CameraRun({ ...path, openCamera }, camera.id, 'recordings', () => {});
      for (const recording of camera.normal) await run.learn(recording);
      run.finishLearning();
      for (const test of camera.test) {
        heard = [];
        const { segments } = await run.test(test.file);
        const times = await path.frameTimes(test.file);
        const origin = times[0] ?? 0;
        const ranges = test.anomalous.map(([from, to]) => [
          (times[from] ?? 0) - origin,
          (times[Math.min(to, times.length - 1)] ?? 0) - origin,
        ]);
        const inside = (at: number) => ranges.some(([from = 0, to = 0]) => at >= from && at <= to);
        found.push({
          scores: heard,
          anomalous: segments.map(({ endSeconds }) => inside(endSeconds)),
          onsets: ranges.map(([from = 0]) => segments.findIndex(({ endSeconds }) => endSeconds >= from)),
        });
      }
    }
  } finally {
    await extraction.close();
  }
  return found;
}

function row(surprise: number): string {
  const rule = { cue: 'motion', surprise, holdSeconds: HOLD_SECONDS } as const;
  const count = { all: 0, looked: 0, normal: 0, lookedNormal: 0, anomalous: 0, lookedAnomalous: 0, events: 0, seen: 0 };
  for (const { scores, anomalous, onsets } of watched) {
    let state = UNATTENDED;
    let lastEndMs = 0;
    const looked = scores.map((score) => {
      const looks = isAttending(state, lastEndMs);
      state = attend(rule, state, score);
      lastEndMs = score.endMs;
      return looks;
    });
    looked.forEach((looks, index) => {
      count.all += 1;
      count.looked += Number(looks);
      const odd = anomalous[index] ?? false;
      count[odd ? 'anomalous' : 'normal'] += 1;
      count[odd ? 'lookedAnomalous' : 'lookedNormal'] += Number(looks);
    });
    for (const onset of onsets) {
      const untilMs = (scores[onset]?.endMs ?? 0) + SEEN_WITHIN_SECONDS * 1_000;
      count.events += 1;
      count.seen += Number(scores.some((score, index) => index >= onset && score.endMs <= untilMs && looked[index]));
    }
  }
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(0)} %`;
  return `| ${surprise} | ${share(count.looked, count.all)} | ${share(count.lookedNormal, count.normal)} | ${count.seen} of ${count.events} | ${share(count.lookedAnomalous, count.anomalous)} |`;
}
