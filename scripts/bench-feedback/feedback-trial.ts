import type { Segment } from '../../src/bus/segment.ts';
import type { Incident } from '../../src/incident/incident.ts';
import { IncidentTracker } from '../../src/incident/incident-tracker.ts';
import { PackRegistry } from '../../src/infer/packs/pack-registry.ts';
import { PackSession } from '../../src/infer/runner/session.ts';
import { renderFrames } from '../../src/scene/render-frames.ts';
import { type Anomaly, type SceneScript, sceneScript } from '../../src/scene/scene-script.ts';
import { CameraScorer } from '../../src/score/camera-scorer.ts';
import type { FeedbackReference } from '../../src/score/feedback/reference-bank.ts';
import type { SegmentFeatures } from '../../src/score/segment-features.ts';
import { SequentialRule } from '../../src/score/sequential-rule.ts';

const WIDTH = 240;
const HEIGHT = 160;
const FRAMES = 5;
const FRAME_MS = 100;
const CLIP_SECONDS = 22;
const HOUR_MS = 3_600_000;
/** 14 November 2023, 22:13 UTC: any time will do, each recording has an hour of its own from here on. */
const FIRST_EPOCH_MS = 1_700_000_000_000;
/** So many incidents are reviewed. */
const REVIEWS = 3;

const KINDS = {
  vehicle: { kind: 'vehicle' },
  cyclist: { kind: 'cyclist' },
  runner: { kind: 'runner' },
  brawl: { kind: 'brawl' },
} as const satisfies Record<string, Omit<Anomaly, 'atSecond'>>;
export type TrialKind = keyof typeof KINDS;

export interface TrialOptions {
  /** Decides what the street looks like and all that happens in it. */
  readonly street: number;
  readonly kinds: readonly TrialKind[];
  readonly clipsPerKind: number;
  readonly learnSeconds: number;
  /** Normal life in which false alerts are counted. */
  readonly normalSeconds: number;
}

/** How many of `of` clips alerted, or stayed silent, as the field says. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

export interface KindOutcome {
  readonly kind: TrialKind;
  /** Clips that alerted before any review. */
  readonly alerted: Share;
  /** Null where fewer than three clips alerted, so that there was nothing to review. */
  readonly afterDismissals: {
    /** Of the clips that alerted and were not reviewed. */
    readonly silent: Share;
    /** Clips of the other kinds that still alert, of those that did. */
    readonly othersAlerted: Share;
    /** The same clips watched once more without any reference: what the dismissals have no part in. */
    readonly othersWithout: Share;
  } | null;
  readonly afterConfirmations: {
    /** Of the clips that were not reviewed, alerted before and after. */
    readonly before: Share;
    readonly after: Share;
    /** False alerts on normal life. */
    readonly normalAlerts: number;
  } | null;
}

export interface TrialOutcome {
  readonly street: number;
  readonly normalAlerts: number;
  readonly kinds: readonly KindOutcome[];
}

interface Watched {
  readonly alerts: number;
  readonly incident: Incident | null;
}

/**
 * One generated street, through the real pack, scorer, rule and incidents: it learns, watches clips with one anomaly each, has its
 * first three incidents of a kind reviewed, and watches again.
 */
export async function runFeedbackTrial(options: TrialOptions): Promise<TrialOutcome> {
  const { street, clipsPerKind } = options;
  const pack = await new PackRegistry().load('motion-grid');
  const session = await PackSession.open(pack, { providers: ['cpu'], threads: 1 });
  const render = (fields: Partial<SceneScript>) =>
    featuresOf(
      session,
      sceneScript({ width: WIDTH, height: HEIGHT, framesPerSecond: 10, streetSeed: street, ...fields }),
    );
  try {
    const scorer = new CameraScorer({ requiredSegments: Number.MAX_SAFE_INTEGER });
    const clock = { epochMs: FIRST_EPOCH_MS };
    for (const features of await render({ seed: street * 1_000, durationSeconds: options.learnSeconds })) {
      scorer.observe(at(features, clock.epochMs));
    }
    scorer.finishLearning();
    const watch = (clip: readonly SegmentFeatures[], references: readonly FeedbackReference[]): Watched => {
      scorer.setReferences(references);
      clock.epochMs += HOUR_MS;
      return watchClip(scorer, clip, clock.epochMs);
    };
    const normal = await render({ seed: street * 1_000 + 1, durationSeconds: options.normalSeconds });
    const normalAlerts = watch(normal, []).alerts;

    const clips = new Map<TrialKind, readonly (readonly SegmentFeatures[])[]>();
    for (const [place, kind] of options.kinds.entries()) {
      const own: (readonly SegmentFeatures[])[] = [];
      for (let n = 0; n < clipsPerKind; n++) {
        const seed = street * 1_000 + 100 * (place + 1) + n;
        const anomalies = [{ ...KINDS[kind], atSecond: 6 }];
        own.push(await render({ seed, durationSeconds: CLIP_SECONDS, anomalies }));
      }
      clips.set(kind, own);
    }
    const before = new Map([...clips].map(([kind, own]) => [kind, own.map((clip) => watch(clip, []))]));
    const kinds = options.kinds.map((kind) => reviewKind(kind, clips, before, watch, normal));
    return { street, normalAlerts, kinds };
  } finally {
    await session.close();
  }
}

function reviewKind(
  kind: TrialKind,
  clips: ReadonlyMap<TrialKind, readonly (readonly SegmentFeatures[])[]>,
  before: ReadonlyMap<TrialKind, readonly Watched[]>,
  watch: (clip: readonly SegmentFeatures[], references: readonly FeedbackReference[]) => Watched,
  normal: readonly SegmentFeatures[],
): KindOutcome {
  const own = (before.get(kind) ?? []).map((watched, index) => ({ ...watched, clip: clips.get(kind)?.[index] ?? [] }));
  const alerted = own.filter(({ alerts }) => alerts > 0);
  const outcome = { kind, alerted: { count: alerted.length, of: own.length } };
  if (alerted.length < REVIEWS) return { ...outcome, afterDismissals: null, afterConfirmations: null };
  const reviewed = alerted.slice(0, REVIEWS);
  const referencesOf = (verdict: 'confirmed' | 'dismissed') =>
    reviewed.map(({ incident }, index) => ({
      id: `ref_${index}`,
      verdict,
      label: null,
      reviewedMs: 0,
      moments: incident?.descriptors ?? [],
    }));

  const alerting = (clips: readonly (readonly SegmentFeatures[])[], references: readonly FeedbackReference[]): number =>
    clips.filter((clip) => watch(clip, references).alerts > 0).length;

  const dismissed = referencesOf('dismissed');
  const repeats = alerted.slice(REVIEWS);
  const silent = repeats.filter(({ clip }) => watch(clip, dismissed).alerts === 0).length;
  const others = [...clips].flatMap(([other, theirs]) =>
    other === kind ? [] : theirs.filter((_, index) => (before.get(other)?.[index]?.alerts ?? 0) > 0),
  );
  const othersAlerted = alerting(others, dismissed);
  const othersWithout = alerting(others, []);

  const confirmed = referencesOf('confirmed');
  const rest = own.filter((one) => !reviewed.some(({ clip }) => clip === one.clip));
  const after = alerting(
    rest.map(({ clip }) => clip),
    confirmed,
  );
  return {
    ...outcome,
    afterDismissals: {
      silent: { count: silent, of: repeats.length },
      othersAlerted: { count: othersAlerted, of: others.length },
      othersWithout: { count: othersWithout, of: others.length },
    },
    afterConfirmations: {
      before: { count: rest.filter(({ alerts }) => alerts > 0).length, of: rest.length },
      after: { count: after, of: rest.length },
      normalAlerts: watch(normal, confirmed).alerts,
    },
  };
}

/** Each clip is a new epoch, with a rule and a tracker of its own: what one clip did must not count in the next. */
function watchClip(scorer: CameraScorer, clip: readonly SegmentFeatures[], epochMs: number): Watched {
  const rule = new SequentialRule({ alertBudgetPerDay: 1, segmentSeconds: 0.5 });
  const tracker = new IncidentTracker('street', { quietMs: 10_000, gridRows: 10, gridColumns: 15 });
  let alerts = 0;
  let incident: Incident | null = null;
  for (const features of clip) {
    const score = scorer.observe(at(features, epochMs));
    if (score === null) continue;
    for (const change of tracker.observe(score, rule.observe(score))) {
      if (change.type === 'opened') alerts += 1;
      incident ??= change.incident;
      if (change.incident.id === incident.id) incident = change.incident;
    }
  }
  if (tracker.open !== null && tracker.open.id === incident?.id) incident = tracker.open;
  return { alerts, incident };
}

function at(features: SegmentFeatures, epochMs: number): SegmentFeatures {
  const startMs = epochMs + features.sequence * FRAMES * FRAME_MS;
  return { ...features, epoch: epochMs, startMs, endMs: startMs + (FRAMES - 1) * FRAME_MS };
}

async function featuresOf(session: PackSession, script: SceneScript): Promise<readonly SegmentFeatures[]> {
  const features: SegmentFeatures[] = [];
  let pixels = new Uint8Array(FRAMES * WIDTH * HEIGHT);
  let frames = 0;
  for (const { frame } of renderFrames(script)) {
    toGray(frame, pixels.subarray(frames * WIDTH * HEIGHT));
    frames += 1;
    if (frames < FRAMES) continue;
    features.push(...(await session.extract([segmentOf(pixels, features.length)])));
    pixels = new Uint8Array(FRAMES * WIDTH * HEIGHT);
    frames = 0;
  }
  return features;
}

function segmentOf(pixels: Uint8Array, sequence: number): Segment {
  const times = Array.from({ length: FRAMES }, (_, frame) => (sequence * FRAMES + frame) * FRAME_MS);
  return {
    cameraId: 'street',
    epoch: 0,
    sequence,
    fencingToken: 1,
    frameTimesMs: times,
    mediaTimesSeconds: times.map((ms) => ms / 1_000),
    width: WIDTH,
    height: HEIGHT,
    pixelFormat: 'gray8',
    pixels,
  };
}

/** Rec. 601 luma. */
function toGray(rgb: Uint8Array, gray: Uint8Array): void {
  for (let pixel = 0, from = 0; pixel < WIDTH * HEIGHT; pixel++, from += 3) {
    gray[pixel] = (77 * (rgb[from] ?? 0) + 150 * (rgb[from + 1] ?? 0) + 29 * (rgb[from + 2] ?? 0)) >> 8;
  }
}
