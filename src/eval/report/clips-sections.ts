import type { ClipsReport } from '../evaluate-clips.ts';
import { averagePrecisionOfTally } from '../metrics/average-precision.ts';
import { precisionRecallCurve, rocCurve } from '../metrics/curves.ts';
import { tallyScores } from '../metrics/score-tally.ts';
import { curveChart } from './curve-chart.ts';
import type { EvaluatedClip } from './evidence.ts';
import { html, type Markup } from './markup.ts';
import { figureText, tableOf } from './table.ts';

/** ROC and precision-recall over clips, and every clip with its score, anomalous ones first, by falling score. */
export function clipsSections(report: ClipsReport, clips: readonly EvaluatedClip[]): Markup {
  const tallyOf = (pick: (clip: EvaluatedClip) => number) =>
    tallyScores([{ name: 'clips', scores: clips.map(pick), labels: clips.map(({ label }) => label) }]);
  const tally = tallyOf(({ score }) => score);
  const named = (name: string, area: number | null) =>
    `${name}: ${area === null || Number.isNaN(area) ? 'none' : figureText(area)}`;
  return html`<section><h2>Curves</h2><div class="charts">
${curveChart({ title: 'ROC over clips', x: 'false positive rate', y: 'true positive rate' }, [
  { name: named(report.panel.scorer, report.auc), points: rocCurve(tally) },
  {
    name: named('frame difference alone', report.panel.frameDifferenceAuc),
    points: rocCurve(tallyOf(({ control }) => control)),
    isControl: true,
  },
])}
${curveChart({ title: 'Precision and recall over clips', x: 'recall', y: 'precision' }, [
  { name: named('average precision', averagePrecisionOfTally(tally)), points: precisionRecallCurve(tally) },
])}
</div></section>
<section><h2>Clips</h2>${tableOf(
    ['clip', 'group', 'label', 'score'],
    [...clips]
      .sort((a, b) => b.label - a.label || b.score - a.score)
      .map(({ name, group, label, score }) => [
        name,
        group,
        label ? 'anomalous' : 'normal',
        Number.isFinite(score) ? score : null,
      ]),
  )}</section>`;
}
