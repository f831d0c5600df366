import { type EvaluatedVideo, eventsOf } from '../evaluated-video.ts';
import { centrePrior, constantPerVideo, delayedTruth } from '../metrics/controls.ts';
import { precisionRecallCurve, rocCurve } from '../metrics/curves.ts';
import { detectEvents } from '../metrics/event-detection.ts';
import { dailyRate } from '../metrics/poisson-interval.ts';
import { microAuc, rocAucOfTally } from '../metrics/roc-auc.ts';
import { tallyScores } from '../metrics/score-tally.ts';
import type { SceneReport } from '../scene-report.ts';
import { curveChart } from './curve-chart.ts';
import { html, type Markup } from './markup.ts';
import { scoreChart } from './score-chart.ts';
import { figureText, tableOf } from './table.ts';

/** ROC and precision-recall, a row a camera, a row an event, and the score of every video over time. */
export function sceneSections(report: SceneReport, videos: readonly EvaluatedVideo[]): Markup {
  return html`<section><h2>Curves</h2><div class="charts">${curves(report, videos)}</div></section>
<section><h2>Cameras</h2>${cameraTable(videos)}</section>
<section><h2>Events</h2>${eventTable(videos)}</section>
<section><h2>Scores against the truth</h2>
<p>Red: annotated anomaly. Line: score of each segment, 0.5 is once in a thousand. Bar above: incident, from its alert on.</p>
${videos.map(scoreChart)}</section>`;
}

function curves(report: SceneReport, videos: readonly EvaluatedVideo[]): Markup[] {
  const tally = tallyScores(videos);
  const { seconds } = report.panel.controls.delayedTruth;
  const late = videos.flatMap((video) => delayedTruth([video], framesIn(video, seconds)));
  const named = (name: string, area: number) => `${name}: ${Number.isNaN(area) ? 'none' : figureText(area)}`;
  const share = report.panel.anomalousFrames / Math.max(1, report.panel.frames);
  const control = (name: string, scored: Parameters<typeof tallyScores>[0]) => ({
    name: named(name, microAuc(scored)),
    points: rocCurve(tallyScores(scored)),
    isControl: true,
  });
  return [
    curveChart({ title: 'ROC over all frames (micro)', x: 'false positive rate', y: 'true positive rate' }, [
      { name: named('detector', rocAucOfTally(tally)), points: rocCurve(tally) },
      control('oracle that knows the video but not the moment', constantPerVideo(videos)),
      control('middle of each video', centrePrior(videos)),
      control(`truth, ${figureText(seconds)} s late`, late),
    ]),
    curveChart({ title: 'Precision and recall over all frames', x: 'recall', y: 'precision' }, [
      {
        name: `detector, average precision: ${report.ap === null ? 'none' : figureText(report.ap)}`,
        points: precisionRecallCurve(tally),
      },
      {
        name: `no information: ${figureText(share)}`,
        points: [
          { x: 0, y: share },
          { x: 1, y: share },
        ],
        isControl: true,
      },
    ]),
  ];
}

function cameraTable(videos: readonly EvaluatedVideo[]): Markup {
  const ids = [...new Set(videos.map(({ cameraId }) => cameraId))];
  const head = [
    'camera',
    'videos',
    'hours',
    'frame AUC',
    'events',
    'found',
    'alerts',
    'false',
    'duplicate',
    'for review',
    'false a day',
    '95 % interval',
  ];
  return tableOf(
    head,
    ids.map((id) => {
      const own = videos.filter(({ cameraId }) => cameraId === id);
      const monitoredSeconds = own.reduce((sum, { recording }) => sum + recording.monitoredSeconds, 0);
      const detection = detectEvents(own.map(alerted));
      const rate = dailyRate(detection.falseAlerts, monitoredSeconds);
      const auc = microAuc(own);
      return [
        id,
        own.length,
        monitoredSeconds / 3600,
        Number.isNaN(auc) ? null : auc,
        detection.events,
        detection.found,
        detection.alerts,
        detection.falseAlerts,
        detection.duplicateAlerts,
        own.reduce((sum, { recording }) => sum + recording.reviews, 0),
        Number.isFinite(rate.value) ? rate.value : null,
        Number.isFinite(rate.high) ? `${figureText(rate.low)} to ${figureText(rate.high)}` : '–',
      ];
    }),
  );
}

function eventTable(videos: readonly EvaluatedVideo[]): Markup {
  const rows = videos.flatMap((video) => {
    const { delaysSeconds } = detectEvents([alerted(video)]);
    return eventsOf(video).map(({ startSeconds, endSeconds }, index) => {
      const delay = delaysSeconds[index] ?? Number.POSITIVE_INFINITY;
      return [video.name, startSeconds, endSeconds, Number.isFinite(delay) ? delay : 'missed'];
    });
  });
  return rows.length === 0
    ? html`<p>No video holds an anomaly.</p>`
    : tableOf(['video', 'from, s', 'to, s', 'alert after, s'], rows);
}

function alerted(video: EvaluatedVideo) {
  return {
    name: video.name,
    events: eventsOf(video),
    alertSeconds: video.recording.alarms.map(({ fromSeconds }) => fromSeconds),
  };
}

function framesIn({ frameSeconds }: EvaluatedVideo, seconds: number): number {
  const last = frameSeconds.at(-1) ?? 0;
  return last > 0 ? Math.round((seconds * (frameSeconds.length - 1)) / last) : 0;
}
