import { problem } from '../platform/errors.ts';
import { AdaptationQueue, type AdaptationState, type Circumstance, type SettledStep } from './adaptation.ts';
import { checkFeatures } from './check-features.ts';
import type { AnyCueHead, GridShape } from './cue-head.ts';
import { strangestThing } from './feedback/describe.ts';
import type { Passage } from './feedback/passage.ts';
import { type FeedbackReference, NO_REFERENCES, ReferenceBank } from './feedback/reference-bank.ts';
import { type BackdropState, type Foreground, knowsBrightness, stepBackdrop } from './figures/backdrop.ts';
import { follows } from './follows.ts';
import { smooth } from './fuse.ts';
import { headsFor } from './heads.ts';
import { learnNormality } from './learn-normality.ts';
import { CameraDefinitions, type DefinitionState } from './learned/camera-definitions.ts';
import type { DefinitionSet } from './learned/definition-set.ts';
import { bankOf } from './learned/embedding-head.ts';
import { LearningMemory, type Sample } from './learning-memory.ts';
import { MOTION_GRID_CHANNELS } from './motion-grid-channels.ts';
import { calibratedSurprise, cueSurprises, cuesOf, fuseCues, type NormalityModel, readAll } from './normality-model.ts';
import type { Observation } from './observation.ts';
import { observationOf } from './observe.ts';
import { scoreOfLook } from './score-of-look.ts';
import type { SegmentFeatures } from './segment-features.ts';
import type { SegmentScore } from './segment-score.ts';
import { decodeState, encodeState } from './state-codec.ts';

export interface ScorerSettings {
  /** Learning ends by itself after so many segments, unless recordings are being taught (`endRecording`). */
  readonly requiredSegments: number;
  /** Segments kept, at about 5 kB each; 2400 by default, 1600 where embeddings are kept with them. */
  readonly maximumReferences?: number;
  readonly seed?: number;
  /** What looks at the segments; those of a camera without a detector unless told. */
  readonly heads?: readonly AnyCueHead[];
  /** Leaves learning to the caller (`takeTask`, `adopt`), since it takes a second or two; else it is done at once. */
  readonly deferLearning?: boolean;
}

/** How far learning has come. */
export interface LearningProgress {
  readonly done: boolean;
  /** 0 to 1. */
  readonly progress: number;
  readonly observedSegments: number;
  readonly requiredSegments: number;
}

const HOUR_MS = 3_600_000;
export const MAXIMUM_REFERENCES = 2400;
/** An embedding of 512 numbers is 2 kB more a segment, and what is learned of it another 3 MB. */
const MAXIMUM_REFERENCES_WITH_EMBEDDINGS = 1600;
/** Fewer segments (at half a second each) say nothing about how unusual anything is. */
const MINIMUM_SEGMENTS = 40;

/** What changes with every segment: the last one's own fused statistic, for smoothing, and the heads' states. */
interface LiveState {
  readonly epoch: number;
  readonly sequence: number;
  readonly statistic: number;
  readonly states: readonly unknown[];
  readonly backdrop?: BackdropState;
  readonly definitions?: DefinitionState;
  /** What was strange in the last seconds, where there are reviews to compare it with. */
  readonly passage?: Passage;
}

interface SavedState {
  readonly observedSegments: number;
  readonly recording: number;
  readonly taught: boolean;
  readonly shape: GridShape | null;
  readonly memory: ReturnType<LearningMemory['saved']>;
  readonly model: NormalityModel | null;
  readonly live: LiveState | null;
  /** As it was when this was saved; a later `live` has its own. */
  readonly backdrop?: BackdropState;
  readonly adaptation: AdaptationState;
}

/** What `learnNormality` needs, apart from the scorer: learning takes a second or two, and may be done elsewhere. */
export interface LearningTask {
  /** Names of the heads that learn. */
  readonly heads: readonly string[];
  readonly samples: readonly Sample[];
  readonly shape: GridShape;
  readonly seed: number;
}

/**
 * Learns one camera's normal without labels, then says how surprising each segment is. Causal: a score depends on this and
 * earlier segments only. Holds at most about 18 MB.
 */
export class CameraScorer {
  readonly #requiredSegments: number;
  readonly #maximumReferences: number;
  readonly #seed: number;
  readonly #heads: readonly AnyCueHead[];
  readonly #cues: ReturnType<typeof cuesOf>;
  readonly #deferred: boolean;
  #observedSegments = 0;
  #recording = 0;
  #taught = false;
  #shape: GridShape | null = null;
  #memory: LearningMemory;
  #model: NormalityModel | null = null;
  #live: LiveState | null = null;
  #backdrop: BackdropState | null = null;
  #due = false;
  #adaptation = new AdaptationQueue();
  #reviewed: readonly FeedbackReference[] = [];
  #references = NO_REFERENCES;
  /** Packs whose embeddings are looked at. */
  readonly #embeddings: readonly string[];
  readonly #definitions = new CameraDefinitions();
  /** The segment scored last, until `settle` says what became of it. */
  #unsettled: Observation | null = null;

  constructor(settings: ScorerSettings) {
    this.#requiredSegments = Math.max(MINIMUM_SEGMENTS, settings.requiredSegments);
    this.#heads = settings.heads ?? headsFor({ detector: false });
    this.#embeddings = this.#heads.flatMap(({ embedding }) => embedding ?? []);
    this.#maximumReferences =
      settings.maximumReferences ??
      (this.#embeddings.length > 0 ? MAXIMUM_REFERENCES_WITH_EMBEDDINGS : MAXIMUM_REFERENCES);
    this.#seed = settings.seed ?? 1;
    this.#cues = cuesOf(this.#heads);
    this.#deferred = settings.deferLearning ?? false;
    this.#memory = new LearningMemory(this.#maximumReferences, this.#seed);
  }

  /**
   * Continues from `serialize`, and from a later `live` where there is one: the same segments give bit-equal scores.
   * Throws VDT_SCORER_STATE_UNREADABLE.
   */
  static restore(state: Uint8Array, settings: ScorerSettings, live: string | null = null): CameraScorer {
    const saved = decodeState(state) as SavedState;
    const scorer = new CameraScorer(settings);
    const heads = scorer.#heads.map(({ name }) => name).join(', ');
    const learned = saved.model?.heads.map(({ name }) => name).join(', ') ?? heads;
    if (saved.shape !== null && saved.shape.channels !== MOTION_GRID_CHANNELS.length) {
      throw problem('VDT_SCORER_STATE_UNREADABLE', { reason: 'it was learned on other features' });
    }
    scorer.#observedSegments = saved.observedSegments;
    scorer.#recording = saved.recording;
    scorer.#taught = saved.taught;
    scorer.#shape = saved.shape;
    scorer.#memory = LearningMemory.restore(scorer.#maximumReferences, saved.memory);
    scorer.#model = saved.model;
    scorer.#adaptation = AdaptationQueue.restore(saved.adaptation);
    scorer.#live = live === null ? saved.live : (decodeState(Buffer.from(live, 'base64')) as LiveState | null);
    scorer.#backdrop = scorer.#live?.backdrop ?? saved.backdrop ?? null;
    if (learned !== heads) {
      // A newer edition, or a pack more: what was seen is remembered, and looked at with other eyes.
      scorer.#model = null;
      scorer.#live = null;
      scorer.#becomeDue();
    }
    return scorer;
  }

  /** What was learned; up to 17 MB, changes with each segment while learning and with each learning afterwards. */
  serialize(): Uint8Array {
    const state: SavedState = {
      observedSegments: this.#observedSegments,
      recording: this.#recording,
      taught: this.#taught,
      shape: this.#shape,
      memory: this.#memory.saved(),
      model: this.#model,
      live: this.#live,
      ...(this.#backdrop ? { backdrop: this.#backdrop } : {}),
      adaptation: this.#adaptation.saved(),
    };
    return encodeState(state);
  }

  /** What changes with each segment after learning; a few kB, to be kept with every score. */
  live(): string | null {
    return this.#live === null ? null : Buffer.from(encodeState(this.#live)).toString('base64');
  }

  get learning(): LearningProgress {
    const done = this.#model !== null;
    return {
      done,
      progress: done ? 1 : Math.min(1, this.#observedSegments / this.#requiredSegments),
      observedSegments: this.#observedSegments,
      requiredSegments: this.#requiredSegments,
    };
  }

  /**
   * While learning, takes the segment in as normal and returns null; afterwards returns its score. Throws VDT_FEATURES_MISMATCH.
   *
   * @param hold the camera is unhealthy or in transition: nothing is learned from it, and its score is not certain
   */
  observe(features: SegmentFeatures, hold = false): SegmentScore | null {
    this.#shape = checkFeatures(features, this.#shape);
    const observation = observationOf(features, this.#embeddings, this.#foregroundOf(features));
    if (this.#model !== null) return this.#score(observation, this.#model, hold);
    if (hold) return null;
    this.#memory.add(observation, this.#recording);
    this.#observedSegments += 1;
    if (!this.#taught && this.#observedSegments >= this.#requiredSegments) this.#becomeDue();
    return null;
  }

  /**
   * What became of the segment scored last, by the sequential rule and the camera's health: decides whether it may be taken for
   * normal later, and whether it is time to learn again. Without it nothing is learned after learning.
   */
  settle(step: SettledStep, circumstance: Circumstance = {}): void {
    const observation = this.#unsettled;
    this.#unsettled = null;
    if (observation === null) return;
    for (const block of this.#adaptation.offer(observation, step, circumstance)) {
      this.#memory.admit(block, this.#recordingOf(block[0]?.startMs ?? 0));
    }
    if (!this.#due && this.#adaptation.relearningDue(observation.endMs)) {
      this.#adaptation.relearned(observation.endMs);
      this.#becomeDue();
    }
  }

  /** Reviewed incidents, from the next segment on; replaces those given before. */
  setReferences(references: readonly FeedbackReference[]): void {
    this.#reviewed = references;
    this.#refreshReferences();
  }

  /**
   * What the camera's user calls abnormal and normal, from the next segment on; replaces what was given before. Given again after
   * `restore`: it is the database that keeps it. Counts once learning is over.
   */
  setDefinitions(set: DefinitionSet | null): void {
    if (this.#definitions.replace(set)) this.#calibrateDefinitions();
  }

  /**
   * Marks the end of one recording while learning, so that calibration can leave whole recordings out. From the first call
   * on, learning ends only by `finishLearning`.
   */
  endRecording(): void {
    this.#taught = true;
    this.#recording += 1;
  }

  /** Ends learning now. Throws VDT_LEARNING_TOO_SHORT below 40 segments; does nothing when learning is over. */
  finishLearning(): void {
    if (this.#model !== null) return;
    if (this.#observedSegments < MINIMUM_SEGMENTS) {
      throw problem('VDT_LEARNING_TOO_SHORT', {
        observedSegments: this.#observedSegments,
        minimumSegments: MINIMUM_SEGMENTS,
      });
    }
    this.#becomeDue();
  }

  /** With `deferLearning`: what is to be learned now, to be given back by `adopt`; null while nothing is due. */
  takeTask(): LearningTask | null {
    if (!this.#due || this.#shape === null) return null;
    this.#due = false;
    const heads = this.#heads.map(({ name }) => name);
    return { heads, samples: this.#memory.samples(), shape: this.#shape, seed: this.#seed };
  }

  /** Learning failed: the task comes again. */
  retryTask(): void {
    this.#due = true;
  }

  /** Scores by this model from the next segment on. */
  adopt(model: NormalityModel): void {
    const before = this.#model;
    const live = this.#live;
    this.#model = model;
    this.#refreshReferences();
    this.#calibrateDefinitions();
    if (before === null || live === null) {
      this.#live = null;
      return;
    }
    const states = this.#heads.map((head, index) => stateAfter(head, model.heads[index]?.model, live.states[index]));
    this.#live = { ...live, states };
  }

  /** A camera taught by recordings has one more for each hour that it watched: calibration leaves whole ones out. */
  #recordingOf(timeMs: number): number {
    return this.#taught ? this.#recording + 1 + Math.floor(timeMs / HOUR_MS) : this.#recording;
  }

  #becomeDue(): void {
    this.#due = true;
    if (this.#deferred) return;
    const task = this.takeTask();
    if (task !== null) this.adopt(learnNormality(task.samples, this.#heads, task.shape, task.seed));
  }

  #foregroundOf({ lattice, epoch }: SegmentFeatures): Foreground | null {
    if (!lattice || !knowsBrightness(lattice)) return null;
    const { state, foreground } = stepBackdrop(this.#backdrop, lattice, epoch);
    this.#backdrop = state;
    return foreground;
  }

  #score(observation: Observation, model: NormalityModel, hold: boolean): SegmentScore {
    const { epoch, sequence, startMs, endMs } = observation;
    const before = this.#live;
    const started = before === null || before.epoch !== epoch;
    const states = started
      ? this.#heads.map((head, index) => stateAfter(head, model.heads[index]?.model, before?.states[index]))
      : before.states;
    const read = readAll(this.#heads, model, states, observation);
    const alone = cueSurprises(this.#cues, read.readings, model.tails, model.learnedSegments);
    const thing = strangestThing(observation, model.shape, this.#cues, read.readings, alone);
    const feedback = this.#references.apply({ thing, surprises: alone, startMs, endMs }, before?.passage ?? null);
    const { surprises, like, passage } = feedback;
    const statistic = fuseCues(this.#cues, surprises);
    const last = follows(before, observation) ? before : null;
    const ofCues = calibratedSurprise(model, smooth(last?.statistic ?? null, statistic), startMs);
    const definitions = this.#definitions.read(observation, last?.definitions);
    const ofDefinitions = this.#definitions.stateAfter(definitions);
    this.#live = {
      epoch,
      sequence,
      statistic,
      states: read.states,
      ...(this.#backdrop ? { backdrop: this.#backdrop } : {}),
      ...(ofDefinitions ? { definitions: ofDefinitions } : {}),
      ...(passage ? { passage } : {}),
    };
    this.#unsettled = observation;
    const look = { observation, readings: read.readings, surprises, ofCues, definitions, thing, like, hold };
    return scoreOfLook(look, { heads: this.#heads, cues: this.#cues, model, memory: this.#memory });
  }

  #calibrateDefinitions(): void {
    const { pack } = this.#definitions;
    const index = this.#heads.findIndex(({ embedding }) => embedding !== undefined && embedding === pack);
    this.#definitions.calibrate(bankOf(this.#model?.heads[index]?.model));
  }

  #refreshReferences(): void {
    const ordinary = this.#model?.ordinary ?? [];
    this.#references = this.#reviewed.length === 0 ? NO_REFERENCES : new ReferenceBank(this.#reviewed, ordinary);
  }
}

/** How far the camera has come that `CameraScorer.serialize` was called on. Throws VDT_SCORER_STATE_UNREADABLE. */
export function learnedStateOf(state: Uint8Array): LearningProgress {
  const { model, observedSegments } = decodeState(state) as SavedState;
  const done = model !== null;
  return { done, progress: done ? 1 : 0, observedSegments, requiredSegments: observedSegments };
}

/** What a head keeps of its state over a break of the stream, or under a model learned anew. */
function stateAfter(head: AnyCueHead, model: unknown, state: unknown): unknown {
  return head.carry && state !== undefined ? head.carry(model, state) : head.start(model);
}
