import { SCENE_KINDS, type SceneKind } from '../../src/scene/long-run/scene-kind.ts';

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
