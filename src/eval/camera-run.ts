import type { Segment } from '../bus/segment.ts';
import type { IncidentChange } from '../incident/incident.ts';
import type { SegmentFeatures } from '../score/segment-features.ts';
import type { EvaluatedCamera, LivePath } from './live-path.ts';
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
  readonly features: SegmentFeatures;
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** One camera of a scene, driven as the live service drives it: each recording is a new epoch. */
export class CameraRun {
  readonly #path: LivePath;
  readonly #cameraId: string;
  readonly #countFrames: (frames: number) => void;
  readonly #camera: EvaluatedCamera;
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
    this.#camera = path.openCamera(cameraId, learnsFrom);
  }

  /** Takes a recording in as normal. */
  async learn(file: string): Promise<void> {
    for await (const { features } of this.#observe(file)) {
      if (!this.#camera.learning.done) this.#camera.observe(features);
    }
    if (!this.#camera.learning.done) this.#camera.endRecording();
  }

  /** Ends learning. Throws VDT_LEARNING_TOO_SHORT when the recordings were too short to learn from. */
  finishLearning(): void {
    if (!this.#camera.learning.done) this.#camera.finishLearning();
  }

  /** Watches a recording. Nothing here knows its length, its truth or what comes next. */
  async test(file: string): Promise<ScoredRecording> {
    const segments: TimedScore[] = [];
    const alarms: Alarm[] = [];
    let monitoredFrom: number | null = null;
    let endSeconds = 0;
    let endMs = this.#epoch;
    let learningSegments = 0;
    let reviews = 0;
    const note = (changes: readonly IncidentChange[], nowSeconds: number): void => {
      for (const { type, incident } of changes) {
        const isAlert = incident.decision === 'alert';
        if ((type === 'opened' && isAlert) || type === 'promoted')
          alarms.push({ fromSeconds: nowSeconds, toSeconds: nowSeconds });
        if (type !== 'closed') continue;
        if (!isAlert) reviews++;
        const current = alarms.at(-1);
        if (!isAlert || !current) continue;
        const toSeconds = endSeconds + (incident.lastAnomalousMs - endMs) / 1000;
        alarms[alarms.length - 1] = { ...current, toSeconds: Math.max(current.fromSeconds, toSeconds) };
      }
    };
    for await (const observed of this.#observe(file)) {
      endSeconds = observed.endSeconds;
      endMs = observed.segment.frameTimesMs.at(-1) ?? endMs;
      const outcome = this.#camera.observe(observed.features);
      segments.push({ startSeconds: observed.startSeconds, endSeconds, score: outcome?.score.score ?? 0 });
      if (!outcome) {
        learningSegments++;
        continue;
      }
      monitoredFrom ??= observed.startSeconds;
      note(outcome.changes, endSeconds);
    }
    // The camera falls silent: what is open closes, and an alert that a cool-down held back leaves when that ends.
    for (const change of this.#camera.tick(this.#epoch - 1))
      note([change], endSeconds + Math.max(0, change.incident.openedMs - endMs) / 1000);
    const monitoredSeconds = monitoredFrom === null ? 0 : endSeconds - monitoredFrom;
    return { segments, alarms, reviews, monitoredSeconds, learningSegments };
  }

  /** Decodes and extracts a recording; on its end the next epoch is set, long after this one. */
  async *#observe(file: string): AsyncGenerator<Observed> {
    const epoch = this.#epoch;
    const recording = this.#path.openRecording({ file, cameraId: this.#cameraId, epoch });
    const pairs = mapInOrder(recording, this.#path.cascade ? 1 : LOOKAHEAD, async (segment) => ({
      segment,
      features: await this.#path.extract(segment, this.#camera.resting),
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
