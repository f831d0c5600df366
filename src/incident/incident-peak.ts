import type { SegmentScore } from '../score/segment-score.ts';
import { explain } from './explain.ts';
import type { IncidentPeak, IncidentSettings, StrangeMoment } from './incident.ts';
import { kindOf, leadingCue } from './incident-kind.ts';
import type { Place } from './severity.ts';

const MOST_DESCRIPTORS = 12;
const MOST_NORMAL_MOMENTS = 5;
/** The heat goes into the camera's saved state with every commit: hundredths are enough for a picture. */
const HEAT_STEPS = 100;

/** What an incident keeps of its strangest segment; plain JSON. */
export function peakOf(score: SegmentScore, settings: IncidentSettings): IncidentPeak {
  const { heat, nearestNormal = [] } = score;
  return {
    peakScore: score.score,
    peakMs: score.endMs,
    peakCues: score.cues,
    peakCell: score.hottestCell,
    certainty: score.certainty,
    ...kindOf(score.cues, score.leadingCue),
    explanation: explain(score, settings.alertBudgetPerDay),
    nearestNormal: nearestNormal.slice(0, MOST_NORMAL_MOMENTS),
    heat: heat ? Array.from(heat, hundredths) : null,
  };
}

/** With this segment's descriptor, if it is among the strangest. */
export function withDescriptor(
  kept: readonly StrangeMoment[],
  { descriptor, endMs, surprise }: SegmentScore,
): readonly StrangeMoment[] {
  if (!descriptor) return kept;
  return [...kept, { endMs, surprise, values: descriptor }]
    .sort((a, b) => b.surprise - a.surprise)
    .slice(0, MOST_DESCRIPTORS);
}

/** Where the segment's strangest thing stands: the foot of its box, else the middle of its cell; null where unknown. */
export function placeOf(score: SegmentScore, { gridRows, gridColumns }: IncidentSettings): Place | null {
  const lead = leadingCue(score.cues, score.leadingCue);
  if (lead?.box) return { x: (lead.box.left + lead.box.right) / 2, y: lead.box.bottom };
  const cell = lead?.cell ?? score.hottestCell;
  if (!cell || !gridRows || !gridColumns) return null;
  return { x: (cell.column + 0.5) / gridColumns, y: (cell.row + 0.5) / gridRows };
}

function hundredths(value: number): number {
  return Math.round(Math.min(1, Math.max(0, value)) * HEAT_STEPS) / HEAT_STEPS;
}
