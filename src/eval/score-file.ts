import { problem } from '../platform/errors.ts';
import {
  type FrameRange,
  nameOf,
  parseJson,
  type Refuse,
  readList,
  readObject,
  readRanges,
  readText,
} from './field-reader.ts';
import { frameLabels } from './frame-labels.ts';
import type { ScoredVideo } from './metrics/score-tally.ts';

/** Scores of one video: segment k of K covers the frames f with floor(f K / frames) = k. */
export interface ScoreFileVideo {
  readonly video: string;
  readonly frames: number;
  readonly anomalous: readonly FrameRange[];
  readonly scores: readonly number[];
}

/** A file of scores with their ground truth, from whatever detector made them. */
export interface ScoreFile {
  readonly videos: readonly ScoreFileVideo[];
  /** Needed for what is counted in seconds; 30 (UCF-Crime) where the file does not say. */
  readonly framesPerSecond: number;
  readonly framesPerSecondGiven: boolean;
  /** Decision threshold of the deployed detector, if the file names one. */
  readonly threshold: number | null;
}

const DEFAULT_FRAMES_PER_SECOND = 30;

/**
 * Reads a score file: `{"videos":[{"video","frames","anomalous":[[first,last]],"scores":[…]}]}`, optionally with
 * `framesPerSecond` and `threshold`; other keys are let be.
 * @param text the file's content
 * @param file its name, for messages
 * @throws VDT_SCORE_FILE_INVALID naming the field, the reason and the remedy
 */
export function parseScoreFile(text: string, file: string): ScoreFile {
  const refuse: Refuse = (field, reason, remedy) =>
    problem('VDT_SCORE_FILE_INVALID', { file, field, reason }, { hint: remedy });
  const root = readObject(parseJson(text, refuse), 'the file', refuse);
  const videos = readList(root.videos, 'videos', refuse).map((value, index) =>
    readVideo(value, `videos[${index}]`, refuse),
  );
  if (videos.length === 0) throw refuse('videos', 'is empty', 'Give at least one video.');
  const seen = new Set<string>();
  videos.forEach(({ video }, index) => {
    if (seen.has(video))
      throw refuse(
        `videos[${index}].video`,
        `${video} appears twice`,
        'Give each video once, under a name of its own.',
      );
    seen.add(video);
  });
  return {
    videos,
    framesPerSecond:
      root.framesPerSecond === undefined
        ? DEFAULT_FRAMES_PER_SECOND
        : readPositive(root.framesPerSecond, 'framesPerSecond', refuse),
    framesPerSecondGiven: root.framesPerSecond !== undefined,
    threshold: root.threshold === undefined ? null : readFinite(root.threshold, 'threshold', refuse),
  };
}

function readVideo(value: unknown, field: string, refuse: Refuse): ScoreFileVideo {
  const fields = readObject(value, field, refuse);
  const frames = readPositive(fields.frames, `${field}.frames`, refuse);
  if (!Number.isSafeInteger(frames))
    throw refuse(`${field}.frames`, `must be a whole number, not ${frames}`, 'Give the number of frames of the video.');
  const scores = readList(fields.scores, `${field}.scores`, refuse).map((score, index) =>
    readFinite(score, `${field}.scores[${index}]`, refuse),
  );
  if (scores.length === 0)
    throw refuse(`${field}.scores`, 'is empty', 'Give at least one score; each covers an equal share of the frames.');
  if (scores.length > frames)
    throw refuse(
      `${field}.scores`,
      `has ${scores.length} scores for ${frames} frames`,
      'Give at most one score a frame, or correct frames.',
    );
  const anomalous = readRanges(fields.anomalous, `${field}.anomalous`, refuse);
  const beyond = anomalous.find(([, last]) => last >= frames);
  if (beyond)
    throw refuse(
      `${field}.anomalous`,
      `ends at frame ${beyond[1]} of a video with ${frames} frames`,
      `Frames count from 0, the last one is ${frames - 1}.`,
    );
  return { video: readText(fields.video, `${field}.video`, refuse), frames, anomalous, scores };
}

function readFinite(value: unknown, field: string, refuse: Refuse): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw refuse(field, `must be a finite number, not ${nameOf(value)}`, 'Give a number; NaN and null are no scores.');
  return value;
}

function readPositive(value: unknown, field: string, refuse: Refuse): number {
  const number = readFinite(value, field, refuse);
  if (number <= 0) throw refuse(field, `must be above 0, not ${number}`, 'Give a positive number.');
  return number;
}

/** Spreads the scores over the frames. */
export function scoredFrames({ video, frames, anomalous, scores }: ScoreFileVideo): ScoredVideo {
  const perFrame = new Float64Array(frames);
  for (let frame = 0; frame < frames; frame++)
    perFrame[frame] = scores[Math.floor((frame * scores.length) / frames)] ?? 0;
  return { name: video, scores: perFrame, labels: frameLabels(frames, anomalous) };
}
