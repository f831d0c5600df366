import { type Anomaly, type SceneScript, sceneScript } from './scene-script.ts';

export interface DemoScene {
  /** What the camera learns from: 150 s of normal life. */
  readonly normalScript: SceneScript;
  /** A minute with one anomaly at second 25; loops. */
  readonly liveScript: SceneScript;
  /** The same minute, the same people, without the anomaly: it may follow `liveScript`, or itself, without a seam, for ever. */
  readonly quietScript: SceneScript;
}

export interface DemoOptions {
  readonly seed: number;
  /** Default: a van on the pavement. */
  readonly anomaly?: Exclude<Anomaly['kind'], 'left-bag'>;
  /** Default 25. */
  readonly atSecond?: number;
}

/** The demo's street: one camera, other people in the live minute than in the recording it learns from. */
export function createDemoScene({ seed, anomaly = 'vehicle', atSecond = 25 }: DemoOptions): DemoScene {
  const street = { streetSeed: seed } as const;
  const quietScript = sceneScript({ ...street, seed: seed + 1, durationSeconds: 60, loop: true });
  return {
    normalScript: sceneScript({ ...street, seed, durationSeconds: 150 }),
    liveScript: { ...quietScript, anomalies: [{ kind: anomaly, atSecond }] },
    quietScript,
  };
}
