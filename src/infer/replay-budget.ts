import type { Decision } from '../incident/decision.ts';
import type { Incident, IncidentSettings } from '../incident/incident.ts';
import { IncidentTracker } from '../incident/incident-tracker.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import { SequentialRule } from '../score/sequential-rule.ts';

/** What is stored of a segment's score. */
export interface ReplayedScore {
  readonly epoch: number;
  readonly sequence: number;
  readonly endMs: number;
  /** 0 to 1. */
  readonly score: number;
  /** 0 to 1. */
  readonly certainty: number;
  /** The last one known where null. */
  readonly dependenceSegments: number | null;
  readonly held: boolean;
}

export interface ReplaySettings {
  readonly cameraId: string;
  /** The budget to try, above 0. */
  readonly alertBudgetPerDay: number;
  readonly segmentSeconds: number;
  readonly incident: IncidentSettings;
  /** UTC ms from which incidents and time count; what is given before it only warms the rule up. */
  readonly fromMs: number;
  /** UTC ms, after `fromMs`. */
  readonly toMs: number;
}

export interface ReplayedIncident {
  readonly decision: Decision;
  /** UTC ms. */
  readonly onsetMs: number;
  readonly openedMs: number;
  readonly lastAnomalousMs: number;
  /** Null where it was still open at the end. */
  readonly closedMs: number | null;
  /** 0 to 1. */
  readonly peakScore: number;
}

export interface BudgetReplayResult {
  /** Incidents that would have alerted, and those for review alone. */
  readonly alerts: number;
  readonly reviews: number;
  /** In order of opening. */
  readonly incidents: readonly ReplayedIncident[];
  /** Time with scores that counted, days. */
  readonly watchedDays: number;
  /** Alerts a watched day; null without watched time. */
  readonly alertsPerDay: number | null;
  /** Time of the range without a score that counted (camera away, learning, held), seconds. */
  readonly missingSeconds: number;
}

const SECONDS_PER_DAY = 86_400;
/** The inverse of `scoreOf` (fuse.ts): half a score is once in a thousand segments. */
const HALF_SURPRISE = Math.log(1000);

/** Nats of surprise behind a stored score, 0 to below 1. */
export function surpriseOfScore(score: number): number {
  return (Math.max(0, score) * HALF_SURPRISE) / Math.max(1 - score, Number.EPSILON);
}

/**
 * What another budget would have given: the stored scores once more through the sequential rule and the incident tracker of the
 * live service, with this budget. Scores come in portions (`add`), so that weeks of them need not be held. The rule begins
 * without a history of its own; give it a day before `fromMs` to gather one.
 */
export class BudgetReplay {
  readonly #settings: ReplaySettings;
  readonly #rule: SequentialRule;
  readonly #tracker: IncidentTracker;
  readonly #incidents = new Map<string, Incident>();
  #dependenceSegments = 1;
  #countedSegments = 0;

  constructor(settings: ReplaySettings) {
    this.#settings = settings;
    this.#rule = new SequentialRule(settings);
    this.#tracker = new IncidentTracker(settings.cameraId, {
      ...settings.incident,
      alertBudgetPerDay: settings.alertBudgetPerDay,
    });
  }

  /** Takes in the next scores, in order of time. */
  add(scores: Iterable<ReplayedScore>): void {
    const { fromMs, toMs, segmentSeconds } = this.#settings;
    for (const stored of scores) {
      if (stored.endMs >= toMs) continue;
      this.#dependenceSegments = stored.dependenceSegments ?? this.#dependenceSegments;
      const score = segmentScore(stored, segmentSeconds, this.#dependenceSegments);
      this.#keep(this.#tracker.observe(score, this.#rule.observe(score, stored.held)));
      if (stored.endMs >= fromMs && !stored.held) this.#countedSegments += 1;
    }
  }

  /** What it came to; nothing may be added afterwards. */
  result(): BudgetReplayResult {
    const { fromMs, toMs, segmentSeconds } = this.#settings;
    this.#keep(this.#tracker.tick(toMs));
    const { open } = this.#tracker;
    if (open) this.#incidents.set(open.id, open);
    const incidents = [...this.#incidents.values()].filter(({ openedMs }) => openedMs >= fromMs && openedMs < toMs);
    const alerts = incidents.filter(({ decision }) => decision === 'alert').length;
    const watchedSeconds = this.#countedSegments * segmentSeconds;
    const watchedDays = watchedSeconds / SECONDS_PER_DAY;
    return {
      alerts,
      reviews: incidents.length - alerts,
      incidents: incidents.map(({ decision, onsetMs, openedMs, lastAnomalousMs, closedMs, peakScore }) => ({
        decision,
        onsetMs,
        openedMs,
        lastAnomalousMs,
        closedMs,
        peakScore,
      })),
      watchedDays,
      alertsPerDay: watchedDays > 0 ? alerts / watchedDays : null,
      missingSeconds: Math.max(0, (toMs - fromMs) / 1_000 - watchedSeconds),
    };
  }

  #keep(changes: readonly { readonly incident: Incident }[]): void {
    for (const { incident } of changes) this.#incidents.set(incident.id, incident);
  }
}

/** `BudgetReplay` over scores that are all there. */
export function replayBudget(scores: Iterable<ReplayedScore>, settings: ReplaySettings): BudgetReplayResult {
  const replay = new BudgetReplay(settings);
  replay.add(scores);
  return replay.result();
}

function segmentScore(stored: ReplayedScore, segmentSeconds: number, dependenceSegments: number): SegmentScore {
  return {
    epoch: stored.epoch,
    sequence: stored.sequence,
    startMs: stored.endMs - segmentSeconds * 1_000,
    endMs: stored.endMs,
    score: stored.score,
    surprise: surpriseOfScore(stored.score),
    cues: [],
    certainty: stored.certainty,
    hottestCell: null,
    explanation: null,
    dependenceSegments,
  };
}
