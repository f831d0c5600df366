import { falseAlertsOf, missedEventsOf, type Tally, tally } from './tally.ts';
import type { CameraResult } from './virtual-camera.ts';

export interface BenchReport {
  readonly kinds: readonly Tally[];
  readonly total: Tally;
  readonly timesRealTime: number;
  readonly scoringMsPerSegment: number;
  readonly results: readonly CameraResult[];
}

export function reportOf(results: readonly CameraResult[], wallSeconds: number): BenchReport {
  const kinds = [...new Set(results.map(({ job }) => job.kind))];
  const watched = results.reduce((sum, result) => sum + result.watchedSeconds, 0);
  return {
    kinds: kinds.map((kind) =>
      tally(
        kind,
        results.filter(({ job }) => job.kind === kind),
      ),
    ),
    total: tally('total', results),
    timesRealTime: watched / Math.max(1e-3, wallSeconds),
    scoringMsPerSegment: results.reduce((sum, one) => sum + one.scoringMsPerSegment, 0) / Math.max(1, results.length),
    results,
  };
}

const number = (value: number, digits: number): string =>
  Number.isNaN(value) ? '–' : Number.isFinite(value) ? value.toFixed(digits) : 'never';

/** The table as Markdown, then what went wrong. */
export function printable(report: BenchReport): string {
  const rows = [...report.kinds, report.total].map((one) => [
    one.name,
    number(one.normalDays, 2),
    String(one.falseAlerts),
    `${number(one.perDay.value, 2)} (${number(one.perDay.low, 2)} to ${number(one.perDay.high, 2)})`,
    `${one.found}/${one.events} = ${number(one.recall, 2)}`,
    number(one.medianDelaySeconds, 1),
    number(one.delay95Seconds, 1),
    String(one.reviews),
  ]);
  const head = [
    'scene',
    'camera-days',
    'false alerts',
    'a camera-day (95 %)',
    'events found',
    'delay p50, s',
    'delay p95, s',
    'for review',
  ];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const kinds = Object.entries(report.total.recallByKind)
    .map(([kind, { events, found }]) => `${kind} ${found}/${events}`)
    .join(', ');
  const kept = report.results.some(({ featuresKept }) => featuresKept);
  return [
    ...lines,
    '',
    `Found by kind of anomaly: ${kinds || 'none happened'}.`,
    `${Math.round(report.timesRealTime)} times real time; scoring ${report.scoringMsPerSegment.toFixed(2)} ms a segment.`,
    ...(kept ? ['Features came from the cache, cut to 16 bits a value.'] : []),
  ].join('\n');
}

/** Every false alert and every miss, a line each. */
export function faults(report: BenchReport): string {
  const clock = (hour: number): string =>
    `${String(Math.floor(hour)).padStart(2, '0')}:${String(Math.floor((hour % 1) * 60)).padStart(2, '0')}`;
  return [
    ...falseAlertsOf(report.results).map(
      ({ camera, hour, second, cue, explanation }) =>
        `false  ${camera}  ${clock(hour)}  second ${second.toFixed(1)}  ${cue}: ${explanation}`,
    ),
    ...missedEventsOf(report.results).map(
      ({ camera, hour, startSecond, kind }) => `missed ${camera}  ${clock(hour)}  second ${startSecond}  ${kind}`,
    ),
  ].join('\n');
}
