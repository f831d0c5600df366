import type { Segment } from '../bus/segment.ts';
import type { IncidentChange } from '../incident/incident.ts';
import { problem } from '../platform/errors.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { SegmentScore } from '../score/segment-score.ts';
import type { LivePath, Rule, Scorer, Tracker } from './live-path.ts';
import { mapInOrder } from './ordered-pipeline.ts';
import type { Alarm, ScoredRecording } from './scored-recording.ts';
import type { TimedScore } from './segments-to-frames.ts';

/** Wall time at which each camera's evaluation begins: fixed, so that two runs give the same incident ids. */
const BEGIN_MS = Date.UTC(2024, 0, 1);
/** Recordings lie so far apart in wall time that no incident and no cool-down reaches from one into the next. */
const GAP_MS = 24 * 3600 * 1000;
/** Segments between decoder and scorer at a time. */
const LOOKAHEAD = 8;

/** A segment on the recording's clock with what the packs made of it. */
interface Observed {
  readonly segment: Segment;
  readonly features: readonly SegmentFeatures[];
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** One camera of a scene, driven as the live service drives it: each recording is a new epoch. */
export class CameraRun {
  readonly #path: LivePath;
  readonly #cameraId: string;
  readonly #countFrames: (frames: number) => void;
  readonly #scorers: readonly Scorer[];
  readonly #rule: Rule;
  readonly #tracker: Tracker;
  #epoch = BEGIN_MS;

  /** @param countFrames told of every sampled frame that went through */
  constructor(
    path: LivePath,
    cameraId: string,
    learnsFrom: 'recordings' | 'live',
    countFrames: (frames: number) => void,
  ) {
    this.#path = path;
    this.#cameraId = cameraId;
    this.#countFrames = countFrames;
    this.#scorers = path.packs.map((pack) => path.newScorer(pack.id, learnsFrom));
    this.#rule = path.newSequentialRule();
    this.#tracker = path.newTracker(cameraId);
  }

  /** Takes a recording in as normal. */
  async learn(file: string): Promise<void> {
    for await (const { features } of this.#observe(file)) {
      this.#scorers.forEach((scorer, index) => {
        const own = features[index];
        if (own && !scorer.learning.done) scorer.observe(own);
      });
    }
    for (const scorer of this.#scorers) if (!scorer.learning.done) scorer.endRecording();
  }

  /** Ends learning. Throws VDT_LEARNING_TOO_SHORT when the recordings were too short to learn from. */
  finishLearning(): void {
    for (const scorer of this.#scorers) if (!scorer.learning.done) scorer.finishLearning();
  }

  /** Watches a recording. Nothing here knows its length, its truth or what comes next. */
  async test(file: string): Promise<ScoredRecording> {
    this.#rule.reset();
    const segments: TimedScore[] = [];
    const alarms: Alarm[] = [];
    let monitoredFrom: number | null = null;
    let endSeconds = 0;
    let endMs = this.#epoch;
    let learningSegments = 0;
    const note = (changes: readonly IncidentChange[], nowSeconds: number): void => {
      for (const { type, incident } of changes) {
        if (type === 'opened') alarms.push({ fromSeconds: nowSeconds, toSeconds: nowSeconds });
        const current = alarms.at(-1);
        if (type !== 'closed' || !current) continue;
        const toSeconds = endSeconds + (incident.lastAnomalousMs - endMs) / 1000;
        alarms[alarms.length - 1] = { ...current, toSeconds: Math.max(current.fromSeconds, toSeconds) };
      }
    };
    for await (const observed of this.#observe(file)) {
      endSeconds = observed.endSeconds;
      endMs = observed.segment.frameTimesMs.at(-1) ?? endMs;
      const score = this.#score(observed.features);
      segments.push({ startSeconds: observed.startSeconds, endSeconds, score: score?.score ?? 0 });
      if (!score) {
        learningSegments++;
        continue;
      }
      monitoredFrom ??= observed.startSeconds;
      note(this.#tracker.observe(score, this.#rule.observe(score)), endSeconds);
    }
    // The camera falls silent: what is open closes, and an alert that a cool-down held back leaves when that ends.
    for (const change of this.#tracker.tick(this.#epoch - 1))
      note([change], endSeconds + Math.max(0, change.incident.openedMs - endMs) / 1000);
    const monitoredSeconds = monitoredFrom === null ? 0 : endSeconds - monitoredFrom;
    return { segments, alarms, monitoredSeconds, learningSegments };
  }

  /** Null while any pack still learns, as live: a fused score needs all of its parts. */
  #score(features: readonly SegmentFeatures[]): SegmentScore | null {
    const scores = this.#scorers.map((scorer, index) => {
      const own = features[index];
      return own ? scorer.observe(own) : null;
    });
    const present = scores.filter((score) => score !== null);
    const only = present[0];
    if (!only || present.length < scores.length) return null;
    if (present.length === 1) return only;
    if (!this.#path.fuse)
      throw problem('VDT_INTERNAL', {
        reason: `${present.length} packs were given without a way to fuse their scores`,
      });
    return this.#path.fuse(present);
  }

  /** Decodes and extracts a recording; on its end the next epoch is set, long after this one. */
  async *#observe(file: string): AsyncGenerator<Observed> {
    const epoch = this.#epoch;
    const recording = this.#path.openRecording({ file, cameraId: this.#cameraId, epoch });
    const pairs = mapInOrder(recording, LOOKAHEAD, async (segment) => ({
      segment,
      features: await Promise.all(this.#path.packs.map((pack) => this.#path.extract(pack.id, segment))),
    }));
    let origin: number | null = null;
    let endMs = epoch;
    for await (const { segment, features } of pairs) {
      const first = segment.mediaTimesSeconds[0] ?? 0;
      const last = segment.mediaTimesSeconds.at(-1) ?? first;
      // A container's clock need not begin at 0; the first picture is where a recording's frames are counted from.
      origin ??= first;
      endMs = Math.max(endMs, segment.frameTimesMs.at(-1) ?? endMs);
      this.#countFrames(segment.mediaTimesSeconds.length);
      yield { segment, features, startSeconds: first - origin, endSeconds: last - origin };
    }
    this.#epoch = endMs + GAP_MS;
  }
}
