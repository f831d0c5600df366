import { atHour, SCENE_KINDS, type SceneKind } from '../../src/scene/long-run/scene-kind.ts';

/** One virtual camera: where it stands, how long it learns and is watched, and what is asked of it. */
export interface CameraJob {
  readonly kind: string;
  readonly seed: number;
  readonly startHour: number;
  readonly learnMinutes: number;
  /** After learning. */
  readonly monitoredSeconds: number;
  readonly alertBudgetPerDay: number;
  /** Least and most minutes from one anomaly to the next; null leaves it to the scene (40 to 90). */
  readonly gapMinutes: readonly [low: number, high: number] | null;
  /** Folder of kept features; null computes them and keeps nothing. */
  readonly featureFolder: string | null;
}

export interface BenchOptions {
  readonly days: number;
  readonly kinds: readonly string[];
  readonly seeds: readonly number[];
  readonly learnMinutes: number;
  readonly alertBudgetPerDay: number;
  readonly featureFolder: string | null;
  readonly startHour: number | null;
  readonly gapMinutes: readonly [low: number, high: number] | null;
}

/** Cameras are put up in the morning, at noon and in the afternoon: the night is always new to them. */
const START_HOURS = [9, 13, 16] as const;

/** What a camera sees, in words that fit a file name. */
export function sceneName(job: CameraJob): string {
  const hours = (job.monitoredSeconds / 3600).toFixed(2);
  return `${job.kind}-${job.seed}-from${job.startHour}-${hours}h-${learningName(job)}`;
}

/** What cameras must have in common to be counted together. */
export function settingsName(job: CameraJob): string {
  return `budget${job.alertBudgetPerDay}-${learningName(job)}`;
}

function learningName({ learnMinutes, gapMinutes }: CameraJob): string {
  return `learn${learnMinutes}${gapMinutes === null ? '' : `-gap${gapMinutes.join('to')}`}`;
}

/** How long a job takes, in seconds of a scene where nothing moves: crowds cost most. */
export function costOf(job: CameraJob): number {
  const { walkersPerMinute, shakePixels, compression } = sceneKind(job.kind);
  const hours = Array.from({ length: 24 }, (_, hour) => atHour(walkersPerMinute, hour));
  const crowd = hours.reduce((sum, arrivals) => sum + arrivals, 0) / 24;
  const passes = (shakePixels > 0 ? 0.1 : 0) + (compression > 0 ? 0.1 : 0);
  return (job.learnMinutes * 60 + job.monitoredSeconds) * (1 + 0.05 * crowd + passes);
}

/** Seed after seed, so that a run which is broken off has seen every kind of scene; the longest first, so that all cores end together. */
export function inOrderOfWork(jobs: readonly CameraJob[]): CameraJob[] {
  return [...jobs].sort((a, b) => a.seed - b.seed || costOf(b) - costOf(a));
}

/** One job for each kind and seed; together they watch `days` camera-days. Throws RangeError for an unknown kind. */
export function planJobs(options: BenchOptions): CameraJob[] {
  const { kinds, seeds, days } = options;
  const each = (days * 86_400) / (kinds.length * seeds.length);
  return kinds.flatMap((kind) =>
    seeds.map((seed) => ({
      kind: sceneKind(kind).name,
      seed,
      startHour: options.startHour ?? START_HOURS[(seed - 1) % START_HOURS.length] ?? 9,
      learnMinutes: options.learnMinutes,
      monitoredSeconds: Math.round(each),
      alertBudgetPerDay: options.alertBudgetPerDay,
      gapMinutes: options.gapMinutes,
      featureFolder: options.featureFolder,
    })),
  );
}

export function sceneKind(name: string): SceneKind {
  const kind = SCENE_KINDS.find((known) => known.name === name);
  if (!kind) {
    throw new RangeError(`no scene kind ${name}; there are ${SCENE_KINDS.map((known) => known.name).join(', ')}`);
  }
  return kind;
}
