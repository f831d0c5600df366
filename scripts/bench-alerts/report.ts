import { falseAlertsOf, missedEventsOf, type Tally, tally } from './tally.ts';
import type { CameraResult } from './virtual-camera.ts';

export interface BenchReport {
  readonly kinds: readonly Tally[];
  readonly total: Tally;
  /** Of one process. */
  readonly timesRealTime: number;
  readonly msPerSegment: CameraResult['msPerSegment'];
  readonly results: readonly CameraResult[];
}

export function reportOf(results: readonly CameraResult[]): BenchReport {
  const kinds = [...new Set(results.map(({ job }) => job.kind))];
  const sum = (of: (result: CameraResult) => number): number => results.reduce((all, one) => all + of(one), 0);
  const mean = (of: (result: CameraResult) => number): number => sum(of) / Math.max(1, results.length);
  return {
    kinds: kinds.map((kind) =>
      tally(
        kind,
        results.filter(({ job }) => job.kind === kind),
      ),
    ),
    total: tally('total', results),
    timesRealTime:
      sum(({ watchedSeconds }) => watchedSeconds) /
      Math.max(
        1e-3,
        sum(({ wallSeconds }) => wallSeconds),
      ),
    msPerSegment: {
      render: mean(({ msPerSegment }) => msPerSegment.render),
      extract: mean(({ msPerSegment }) => msPerSegment.extract),
      score: mean(({ msPerSegment }) => msPerSegment.score),
    },
    results,
  };
}

const number = (value: number, digits: number): string =>
  Number.isNaN(value) ? '–' : Number.isFinite(value) ? value.toFixed(digits) : 'never';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);

const HEAD = [
  'scene',
  'camera-days',
  'false alerts',
  'a camera-day (95 %)',
  'events found',
  'delay p50, s',
  'delay p95, s',
  'for review',
];

function rowOf(one: Tally): string[] {
  return [
    one.name,
    number(one.normalDays, 2),
    String(one.falseAlerts),
    `${number(one.perDay.value, 2)} (${number(one.perDay.low, 2)} to ${number(one.perDay.high, 2)})`,
    `${one.found}/${one.events} = ${number(one.recall, 2)}`,
    number(one.medianDelaySeconds, 1),
    number(one.delay95Seconds, 1),
    String(one.reviews),
  ];
}

const scenes = (report: BenchReport): string[] => table(HEAD, [...report.kinds, report.total].map(rowOf));

/** The table, then what was found of which kind and what it cost. */
export function printable(report: BenchReport): string {
  const kinds = Object.entries(report.total.byKind)
    .map(([kind, { events, found }]) => `${kind} ${found}/${events}`)
    .join(', ');
  const { render, extract, score } = report.msPerSegment;
  const kept = report.results.some(({ featuresKept }) => featuresKept);
  return [
    ...scenes(report),
    '',
    `Found by kind of anomaly: ${kinds || 'none happened'}.`,
    `${Math.round(report.timesRealTime)} times real time in one process; processor time a segment: ${render.toFixed(2)} ms drawing, ${extract.toFixed(2)} ms in the pack, ${score.toFixed(2)} ms scoring.`,
    ...(kept ? ['Features came from the cache, cut to 16 bits a value.'] : []),
  ].join('\n');
}

/** What goes into the documentation: scenes and total, then kinds of anomaly, with the conditions that they hold for. */
export function markdown(report: BenchReport): string {
  const [first] = report.results;
  if (!first) return 'No cameras.';
  const { alertBudgetPerDay, learnMinutes } = first.job;
  const seeds = new Set(report.results.map(({ job }) => job.seed)).size;
  const days = report.results.reduce((sum, { watchedSeconds }) => sum + watchedSeconds, 0) / 86_400;
  const kinds = Object.entries(report.total.byKind).map(([kind, one]) => [
    kind,
    String(one.events),
    String(one.found),
    number(one.found / one.events, 2),
    number(one.medianDelaySeconds, 1),
    number(one.delay95Seconds, 1),
  ]);
  return [
    `${report.results.length} cameras (${report.kinds.length} kinds of scene, ${seeds} ${seeds === 1 ? 'seed' : 'seeds'}) watched for ${number(days, 2)} camera-days after ${learnMinutes} minutes of learning, budget ${alertBudgetPerDay} a day. Camera-days in the table are those without an anomaly; the interval is the exact Poisson interval at 95 %; a miss counts as an infinite delay ("never").`,
    '',
    ...scenes(report),
    '',
    ...table(['anomaly', 'events', 'found', 'recall', 'delay p50, s', 'delay p95, s'], kinds),
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
