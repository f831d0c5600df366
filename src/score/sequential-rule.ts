import { type AlarmStatisticState, NO_EVIDENCE, nextEvidence } from './alarm-statistic.ts';
import { type ThresholdSettings, validatedThreshold } from './alarm-threshold.ts';
import { BlockMaxima, type BlockMaximaState, type BlockVerdict } from './block-maxima.ts';
import { Pace } from './pace.ts';
import type { SegmentScore } from './segment-score.ts';

export { thresholdFor } from './alarm-threshold.ts';

/** `alertBudgetPerDay` is the one knob. */
export type SequentialSettings = ThresholdSettings;

/** Plain JSON, at most 3 kB. */
export interface SequentialState {
  readonly statistic: number;
  /** UTC ms; null before an epoch's first segment. */
  readonly onsetMs: number | null;
  readonly evidence?: AlarmStatisticState;
  /** End of the last ordinary segment, or start of the epoch's first, UTC ms. */
  readonly ordinaryMs?: number | null;
  readonly epoch: number | null;
  /** Segments in a row that were held. */
  readonly held?: number;
  /** Segments of the rise that has alarmed, 0 before its alarm. */
  readonly risen?: number;
  readonly pace?: number;
  readonly blocks?: BlockMaximaState;
}

export interface SequentialStep {
  /** Nats; 0 while nothing stands out. */
  readonly statistic: number;
  /** Nats. */
  readonly threshold: number;
  /** Estimated onset, UTC ms: the end of the last ordinary segment before the statistic rose from 0. */
  readonly onsetMs: number | null;
  readonly alarm: boolean;
  /** By how much surprise was divided because the scene is livelier than what was learned, 1 to 4. */
  readonly pace?: number;
  /** The segment did not count. */
  readonly held?: boolean;
}

/** What the rule looks at; a `SegmentScore`, or a stored one. */
export type SequentialInput = Pick<SegmentScore, 'epoch' | 'startMs' | 'endMs' | 'surprise' | 'dependenceSegments'>;

/** Beyond this multiple of the threshold the statistic does not grow, so that it comes down soon after the event. */
const CEILING = 1.25;
/** Nats: what happens once in twenty segments is ordinary, and no trace of an event. */
const ORDINARY = Math.log(20);
/** A minute of held segments: what was gathered before says nothing about the picture after it. */
const LONGEST_HOLD_SECONDS = 60;
/** An event that goes on for so long no longer keeps the pace from following. */
const LONGEST_EVENT_SECONDS = 60;

/**
 * Alarms when the last seconds' statistic (alarm-statistic.ts) reaches the threshold that the budget of false alarms leaves.
 * `pace` follows what the last minutes were like (pace.ts) and divides surprise; the threshold starts from theory and moves to what the
 * camera's own blocks of time say (alarm-threshold.ts). Causal and deterministic: `restore(toJSON())` gives the same next steps.
 */
export class SequentialRule {
  readonly #settings: SequentialSettings;
  #statistic = 0;
  #onsetMs: number | null = null;
  #evidence = NO_EVIDENCE;
  #ordinaryMs: number | null = null;
  #epoch: number | null = null;
  #held = 0;
  #risen = 0;
  /** In force for one block of time and one dependence length. */
  #threshold: { readonly nats: number; readonly block: number; readonly length: number } | null = null;
  #pace = new Pace();
  #blocks: BlockMaxima;

  constructor(settings: SequentialSettings) {
    this.#settings = settings;
    this.#blocks = new BlockMaxima(settings.segmentSeconds);
  }

  /** @param json what `toJSON` gave; anything else starts anew */
  static restore(json: unknown, settings: SequentialSettings): SequentialRule {
    const rule = new SequentialRule(settings);
    if (isState(json)) {
      rule.#statistic = json.statistic;
      rule.#onsetMs = json.onsetMs;
      rule.#evidence = json.evidence ?? NO_EVIDENCE;
      rule.#ordinaryMs = json.ordinaryMs ?? json.onsetMs;
      rule.#epoch = json.epoch;
      rule.#held = json.held ?? 0;
      rule.#risen = json.risen ?? 0;
      rule.#pace = new Pace(json.pace);
      rule.#blocks = new BlockMaxima(settings.segmentSeconds, json.blocks);
    }
    return rule;
  }

  /** @param hold the camera is unhealthy or in transition: the statistic stands still (CARE's frozen counter), nothing is learned */
  observe(score: SequentialInput, hold = false): SequentialStep {
    // What was gathered before a break of the stream says nothing about the new picture.
    if (this.#epoch !== score.epoch) this.reset();
    this.#epoch = score.epoch;
    this.#onsetMs ??= score.startMs;
    this.#ordinaryMs ??= score.startMs;
    const threshold = this.#thresholdAt(score);
    if (hold) return this.#hold(threshold);
    this.#held = 0;

    const pace = this.#pace.factor;
    const surprise = score.surprise / pace;
    if (surprise < ORDINARY) this.#ordinaryMs = score.endMs;
    const { state, statistic } = nextEvidence(this.#evidence, surprise, score.dependenceSegments, threshold * CEILING);
    this.#evidence = state;
    this.#statistic = statistic < ORDINARY ? 0 : statistic;
    if (this.#statistic === 0) this.#onsetMs = this.#ordinaryMs;
    const alarm = this.#statistic >= threshold;
    this.#risen = this.#statistic > 0 && (alarm || this.#risen > 0) ? this.#risen + 1 : 0;
    if (
      this.#risen * this.#settings.segmentSeconds <= 0 ||
      this.#risen * this.#settings.segmentSeconds > LONGEST_EVENT_SECONDS
    ) {
      this.#pace.observe(score.surprise);
    }
    this.#blocks.observe(statistic, alarm);
    return { statistic: this.#statistic, threshold, onsetMs: this.#onsetMs, alarm, pace, held: false };
  }

  /** What a person said of the time from `fromMs` to `toMs`, UTC ms: alarms in it were right, or were false. */
  review(fromMs: number, toMs: number, verdict: BlockVerdict): void {
    this.#blocks.review(fromMs, toMs, verdict);
    this.#threshold = null;
  }

  toJSON(): SequentialState {
    return {
      statistic: this.#statistic,
      onsetMs: this.#onsetMs,
      evidence: this.#evidence,
      ordinaryMs: this.#ordinaryMs,
      epoch: this.#epoch,
      held: this.#held,
      risen: this.#risen,
      pace: this.#pace.toJSON(),
      blocks: this.#blocks.toJSON(),
    };
  }

  /** Forgets the evidence under way; what was learned about the camera stays. */
  reset(): void {
    this.#statistic = 0;
    this.#onsetMs = null;
    this.#evidence = NO_EVIDENCE;
    this.#ordinaryMs = null;
    this.#epoch = null;
    this.#held = 0;
    this.#risen = 0;
  }

  #hold(threshold: number): SequentialStep {
    this.#held += 1;
    if (this.#held * this.#settings.segmentSeconds > LONGEST_HOLD_SECONDS) {
      this.#statistic = 0;
      this.#onsetMs = null;
      this.#evidence = NO_EVIDENCE;
      this.#ordinaryMs = null;
      this.#risen = 0;
    }
    const pace = this.#pace.factor;
    return { statistic: this.#statistic, threshold, onsetMs: this.#onsetMs, alarm: false, pace, held: true };
  }

  /** Depends on blocks that have ended alone, so that a restart makes no difference. */
  #thresholdAt(score: SequentialInput): number {
    const length = lengthOf(score);
    const block = this.#blocks.advance(score.endMs);
    if (this.#threshold?.block !== block || this.#threshold.length !== length) {
      const nats = validatedThreshold(this.#blocks.blocks(), block, length, this.#settings);
      this.#threshold = { nats, block, length };
    }
    return this.#threshold.nats;
  }
}

function lengthOf(score: SequentialInput): number {
  return Math.max(1, score.dependenceSegments);
}

function isState(json: unknown): json is SequentialState {
  return (
    typeof json === 'object' &&
    json !== null &&
    'statistic' in json &&
    typeof json.statistic === 'number' &&
    'onsetMs' in json
  );
}
