import type { IncidentSettings } from '../incident/incident.ts';
import { BudgetReplay, type BudgetReplayResult } from '../infer/replay-budget.ts';
import type { StreamedScore } from '../store/stream-scores.ts';

/** So much time before the range lets the rule gather what it knows of the camera. */
const WARM_UP_MS = 86_400_000;
const USUAL_SEGMENT_SECONDS = 0.5;

/** What is asked: another budget over [fromMs, toMs), UTC ms. */
export interface BudgetQuestion {
  readonly cameraId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly alertBudgetPerDay: number;
}

interface ScoreSource {
  stream(cameraId: string, fromMs: number, toMs: number): AsyncIterable<readonly StreamedScore[]>;
}

/** Replays the stored scores of a camera with another budget, portion by portion. */
export async function replayStoredScores(
  scores: ScoreSource,
  incident: IncidentSettings,
  question: BudgetQuestion,
): Promise<BudgetReplayResult> {
  const replayOf = (segmentSeconds: number) => new BudgetReplay({ ...question, segmentSeconds, incident });
  let replay: BudgetReplay | null = null;
  for await (const portion of scores.stream(question.cameraId, question.fromMs - WARM_UP_MS, question.toMs)) {
    replay ??= replayOf(segmentSecondsOf(portion));
    replay.add(portion);
  }
  return (replay ?? replayOf(USUAL_SEGMENT_SECONDS)).result();
}

/** How far apart neighbouring segments end, as the median of what is stored. */
export function segmentSecondsOf(
  scores: readonly { readonly epoch: number; readonly sequence: number; readonly endMs: number }[],
): number {
  const apart: number[] = [];
  scores.forEach((score, index) => {
    const before = scores[index - 1];
    if (before?.epoch === score.epoch && before.sequence + 1 === score.sequence) apart.push(score.endMs - before.endMs);
  });
  apart.sort((a, b) => a - b);
  const median = apart[apart.length >> 1] ?? 0;
  return median > 0 ? median / 1_000 : USUAL_SEGMENT_SECONDS;
}
