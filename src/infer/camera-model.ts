import type { IncidentChange } from '../incident/incident-tracker.ts';
import { type IncidentSettings, IncidentTracker } from '../incident/incident-tracker.ts';
import { problem } from '../platform/errors.ts';
import { type AttentionState, attend, isAttending, isAttendingWhileLearning, UNATTENDED } from '../score/attention.ts';
import { CameraHealth } from '../score/camera-health/camera-health.ts';
import type { HealthStep } from '../score/camera-health/health-state.ts';
import { CameraScorer, type LearningTask } from '../score/camera-scorer.ts';
import { type CameraSenses, headsFor } from '../score/heads.ts';
import type { DefinitionSet } from '../score/learned/definition-set.ts';
import type { NormalityModel } from '../score/normality-model.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import { SequentialRule } from '../score/sequential-rule.ts';
import type { CameraLearning } from '../store/cameras.ts';
import type { CameraFeedback } from './load-feedback.ts';
import type { GatedPack } from './packs/pack-plan.ts';

/** All that a camera's scoring remembers: references, sequential statistic, incident under way. Pure, in order. */
export interface CameraModel {
  readonly learning: CameraLearning;
  readonly needsTick: boolean;
  /** While learning: null. Else the score, and what it changed. */
  observe(
    features: SegmentFeatures,
  ): { readonly score: SegmentScore; readonly changes: readonly IncidentChange[] } | null;
  /** Ids of costly packs that need not look at the next segment (`CameraModelSettings.cascade`). */
  readonly resting: readonly string[];
  /** How the camera itself was in the segment observed last; null before the first. */
  readonly health: HealthStep | null;
  /** What people said of its incidents counts from the next segment on; replaces what was given before. */
  setFeedback(feedback: CameraFeedback): void;
  /** What its user calls abnormal and normal counts from the next segment on; replaces what was given before. */
  setDefinitions(definitions: DefinitionSet | null): void;
  tick(nowMs: number): readonly IncidentChange[];
  /** For a camera that is taught recordings: the end of one (`CameraScorer.endRecording`). */
  endRecording(): void;
  /** Ends learning now. Throws VDT_LEARNING_TOO_SHORT. */
  finishLearning(): void;
  /** For the database, with every commit; small. */
  runtime(): unknown;
  /** What was learned; large. */
  serialize(): Uint8Array;
  /** What is to be learned now, elsewhere, and given back by `adopt`; null while nothing is due. */
  takeTask(): LearningTask | null;
  adopt(model: NormalityModel): void;
  /** Learning failed: the task comes again. */
  retryTask(): void;
}

export interface CameraModelSettings {
  readonly cameraId: string;
  readonly requiredSegments: number;
  readonly alertBudgetPerDay: number;
  readonly segmentSeconds: number;
  readonly incident: IncidentSettings;
  /** What the camera's packs give; the motion pack alone unless told. */
  readonly senses?: CameraSenses;
  /** Packs that look only while motion is surprised. */
  readonly cascade?: readonly GatedPack[];
  /** Learn where it stands, for whoever has nothing else to answer; else by `takeTask`. */
  readonly learnInline?: boolean;
}

/** What a camera is restored from: `serialize` and `runtime` of an earlier owner, or null. */
export interface SavedModel {
  readonly state: Uint8Array | null;
  readonly runtime: unknown;
}

export type OpenCameraModel = (settings: CameraModelSettings, saved: SavedModel) => CameraModel;

interface Runtime {
  readonly version: 1;
  readonly rule: unknown;
  readonly tracker: unknown;
  /** `CameraScorer.live`. */
  readonly scorer?: string | null;
  readonly health?: string;
  /** By id of the pack. */
  readonly attention?: Readonly<Record<string, AttentionState>>;
}

/** The model of `score` and `incident`. Throws VDT_SCORER_STATE_UNREADABLE or VDT_INTERNAL on what it cannot restore. */
export const openCameraModel: OpenCameraModel = (settings, saved) => {
  const scorerSettings = {
    requiredSegments: settings.requiredSegments,
    heads: headsFor(settings.senses ?? { detector: false }),
    deferLearning: !(settings.learnInline ?? false),
  };
  const ruleSettings = { alertBudgetPerDay: settings.alertBudgetPerDay, segmentSeconds: settings.segmentSeconds };
  const runtime = runtimeOf(saved.runtime);
  const scorer = saved.state
    ? CameraScorer.restore(saved.state, scorerSettings, runtime?.scorer ?? null)
    : new CameraScorer(scorerSettings);
  const rule = SequentialRule.restore(runtime?.rule, ruleSettings);
  const health = CameraHealth.restore(runtime?.health ?? null);
  let condition: HealthStep | null = null;
  const cascade = settings.cascade ?? [];
  let attention: Readonly<Record<string, AttentionState>> = runtime?.attention ?? {};
  let endMs = 0;
  const tracker = IncidentTracker.restore(runtime?.tracker ?? null, settings.cameraId, settings.incident);
  return {
    get learning() {
      return scorer.learning;
    },
    get needsTick() {
      return tracker.needsTick;
    },
    get health() {
      return condition;
    },
    get resting() {
      const { done, observedSegments } = scorer.learning;
      const looks = (packId: string) =>
        done ? isAttending(attention[packId] ?? UNATTENDED, endMs) : isAttendingWhileLearning(observedSegments);
      return cascade.flatMap(({ packId }) => (looks(packId) ? [] : [packId]));
    },
    setFeedback: ({ references, verdicts }) => {
      scorer.setReferences(references);
      for (const { fromMs, toMs, verdict } of verdicts) {
        rule.review(fromMs, toMs, verdict === 'unreviewed' ? 'open' : verdict);
      }
    },
    observe(features) {
      condition = health.observe(features);
      endMs = features.endMs;
      const { hold, transient } = condition;
      const score = scorer.observe(features, hold);
      if (score === null) return null;
      if (cascade.length > 0) {
        attention = Object.fromEntries(
          cascade.map(({ packId, rule: when }) => [packId, attend(when, attention[packId] ?? UNATTENDED, score)]),
        );
      }
      const step = rule.observe(score, hold);
      const changes = tracker.observe(score, step);
      scorer.settle(step, {
        hold,
        modeChanged: transient === 'ir-switch' || transient === 'lighting-step',
        incidentOpen: tracker.open !== null,
      });
      return { score, changes };
    },
    setDefinitions: (definitions) => scorer.setDefinitions(definitions),
    tick: (nowMs) => tracker.tick(nowMs),
    endRecording: () => scorer.endRecording(),
    finishLearning: () => scorer.finishLearning(),
    runtime: (): Runtime => ({
      version: 1,
      rule: rule.toJSON(),
      tracker: tracker.toJSON(),
      scorer: scorer.live(),
      health: health.toJSON(),
      ...(cascade.length > 0 ? { attention } : {}),
    }),
    serialize: () => scorer.serialize(),
    takeTask: () => scorer.takeTask(),
    adopt: (model) => scorer.adopt(model),
    retryTask: () => scorer.retryTask(),
  };
};

function runtimeOf(value: unknown): Runtime | null {
  if (value === null || value === undefined) return null;
  const runtime = value as Partial<Runtime>;
  if (runtime.version !== 1) throw problem('VDT_INTERNAL', { reason: 'the stored runtime of a camera cannot be read' });
  return runtime as Runtime;
}
