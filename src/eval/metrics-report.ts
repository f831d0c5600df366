import type { FrameRange } from './field-reader.ts';
import { averagePrecision, averagePrecisionOfTally } from './metrics/average-precision.ts';
import { bootstrapByVideo, seededRandom } from './metrics/bootstrap.ts';
import { centrePrior, constantPerVideo, delayedTruth } from './metrics/controls.ts';
import { falsePositiveRateOnNormal } from './metrics/false-positive-rate.ts';
import { ALARM_STREAM_BUFFERS, pate } from './metrics/pate.ts';
import { perSecond } from './metrics/per-second.ts';
import type { Interval } from './metrics/poisson-interval.ts';
import { abnormalAuc, hasAnomaly, macroAuc, microAuc, rocAucOfTally, videoAuc } from './metrics/roc-auc.ts';
import type { ScoredVideo } from './metrics/score-tally.ts';
import { type Figure, type FigureInterval, Notes } from './printable.ts';
import { type ScoreFile, scoredFrames } from './score-file.ts';

/** Delays at which the perfect detector is shown: what no causal detector with that latency can exceed. */
const CONTROL_DELAYS_SECONDS = [0.5, 1.1, 2.1, 5, 10] as const;
const BOOTSTRAP_SEED = 1;

/** What `vedette metrics FILE` prints. Areas and shares are 0 to 1. */
export interface MetricsReport {
  readonly microAuc: Figure;
  readonly aucAbnormal: Figure;
  readonly apStepwise: Figure;
  readonly macroAuc: Figure;
  /** Videos with both classes, which alone have an AUC of their own. */
  readonly macroVideos: number;
  readonly constantPerVideoOracle: { readonly microAuc: Figure; readonly ap: Figure };
  readonly apAbnormal: Figure;
  readonly videoAuc: Figure;
  readonly pate: Figure;
  /** Share of frames of normal videos at or above the file's `threshold`; null where it names none. */
  readonly falsePositiveRateOnNormal: Figure;
  /** 95 %, by resampling videos. */
  readonly intervals: { readonly microAuc: FigureInterval; readonly apStepwise: FigureInterval };
  readonly controls: {
    readonly centrePriorMicroAuc: Figure;
    readonly delayedTruth: readonly { readonly seconds: number; readonly microAuc: Figure }[];
  };
  readonly videos: number;
  readonly abnormalVideos: number;
  readonly frames: number;
  readonly positiveShare: number;
  readonly framesPerSecond: number;
  readonly notes: readonly string[];
}

/** Computes every figure that a file of scores and truth supports. Takes seconds for a million frames. */
export function reportScoreFile(file: ScoreFile): MetricsReport {
  const notes = new Notes();
  const videos = file.videos.map(scoredFrames);
  const abnormal = videos.filter(hasAnomaly);
  const macro = macroAuc(videos);
  const oracle = constantPerVideo(videos);
  const oneClass = 'the frames are all of one class';
  const noAnomaly = 'no frame is anomalous';
  if (!file.framesPerSecondGiven)
    notes.add(`the file names no framesPerSecond; ${file.framesPerSecond} is taken for what is counted in seconds`);
  const framesTotal = videos.reduce((sum, video) => sum + video.labels.length, 0);
  return {
    microAuc: notes.figure('microAuc', microAuc(videos), oneClass),
    aucAbnormal: notes.figure(
      'aucAbnormal',
      abnormalAuc(videos),
      'the frames of videos with an anomaly are of one class',
    ),
    apStepwise: notes.figure('apStepwise', averagePrecision(videos), noAnomaly),
    macroAuc: notes.figure('macroAuc', macro.value, 'no video has both normal and anomalous frames'),
    macroVideos: macro.videos,
    constantPerVideoOracle: {
      microAuc: notes.figure('constantPerVideoOracle.microAuc', microAuc(oracle), oneClass),
      ap: notes.figure('constantPerVideoOracle.ap', averagePrecision(oracle), noAnomaly),
    },
    apAbnormal: notes.figure('apAbnormal', averagePrecision(abnormal), noAnomaly),
    videoAuc: notes.figure('videoAuc', videoAuc(videos), 'the videos are all normal or all with an anomaly'),
    pate: notes.figure('pate', pate(secondsOf(videos, file.framesPerSecond), ALARM_STREAM_BUFFERS), noAnomaly),
    falsePositiveRateOnNormal: notes.figure(
      'falsePositiveRateOnNormal',
      file.threshold === null ? Number.NaN : falsePositiveRateOnNormal(videos, file.threshold),
      file.threshold === null ? 'the file names no threshold' : 'no video is wholly normal',
    ),
    intervals: {
      microAuc: interval(notes, 'intervals.microAuc', bootstrapByVideo(videos, rocAucOfTally, bootstrapSettings())),
      apStepwise: interval(
        notes,
        'intervals.apStepwise',
        bootstrapByVideo(videos, averagePrecisionOfTally, bootstrapSettings()),
      ),
    },
    controls: {
      centrePriorMicroAuc: notes.figure('controls.centrePriorMicroAuc', microAuc(centrePrior(videos)), oneClass),
      delayedTruth: CONTROL_DELAYS_SECONDS.map((seconds) => ({
        seconds,
        microAuc: notes.figure(
          'controls.delayedTruth',
          microAuc(delayedTruth(videos, Math.round(seconds * file.framesPerSecond))),
          oneClass,
        ),
      })),
    },
    videos: videos.length,
    abnormalVideos: abnormal.length,
    frames: framesTotal,
    positiveShare: countPositive(file.videos.map((video) => video.anomalous)) / framesTotal,
    framesPerSecond: file.framesPerSecond,
    notes: notes.list,
  };
}

function bootstrapSettings() {
  return { random: seededRandom(BOOTSTRAP_SEED), rounds: 500 };
}

function secondsOf(videos: readonly ScoredVideo[], framesPerSecond: number): ScoredVideo[] {
  return videos.map((video) =>
    perSecond(
      video,
      Float64Array.from({ length: video.labels.length }, (_, frame) => frame / framesPerSecond),
    ),
  );
}

function interval(notes: Notes, name: string, { low, high }: Interval): FigureInterval {
  const reason = 'no resample of the videos had both classes';
  return { low: notes.figure(name, low, reason), high: notes.figure(name, high, reason) };
}

function countPositive(ranges: readonly (readonly FrameRange[])[]): number {
  return ranges.flat().reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
