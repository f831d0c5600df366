import type { Segment } from '../../../src/bus/segment.ts';
import type { ClipScorer, EvaluatedCamera, LivePath } from '../../../src/eval/live-path.ts';
import type { Decide } from '../../../src/incident/decision.ts';
import { IncidentTracker } from '../../../src/incident/incident-tracker.ts';
import { problem } from '../../../src/platform/errors.ts';
import type { SegmentFeatures } from '../../../src/score/segment-features.ts';

/** Native frames a second of every fake recording; five of them, half a second, make a segment. */
export const FPS = 10;
const PER_SEGMENT = 5;

/**
 * A live path over made-up recordings: the "picture" of a native frame is one number, a segment's score its mean
 * brightness over 100, the sequential statistic is that score over 0.5. Learns until `required` segments.
 */
export class FakePath implements LivePath {
  readonly packs = [{ id: 'motion-grid', version: '1.0.0' }];
  readonly recordings: Readonly<Record<string, readonly number[]>>;
  readonly required: number;
  readonly clipScorer?: ClipScorer;
  /** What an alarm leads to, where a test wants to say. */
  decide?: Decide;
  /** Everything asked of the path, in order. */
  readonly log: string[] = [];
  readonly epochs: number[] = [];
  /** Frames already decoded, for tests of what the path could have known. */
  decodedSegments = 0;

  constructor(recordings: Readonly<Record<string, readonly number[]>>, required = 2, clipScorer?: ClipScorer) {
    this.recordings = recordings;
    this.required = required;
    if (clipScorer) this.clipScorer = clipScorer;
  }

  async *openRecording({ file, cameraId, epoch }: { file: string; cameraId: string; epoch: number }) {
    this.log.push(`open ${file}`);
    this.epochs.push(epoch);
    const frames = this.recordings[file] ?? [];
    for (let sequence = 0; (sequence + 1) * PER_SEGMENT <= frames.length; sequence++) {
      const numbers = Array.from({ length: PER_SEGMENT }, (_, i) => sequence * PER_SEGMENT + i);
      this.decodedSegments++;
      const segment: Segment = {
        cameraId,
        epoch,
        sequence,
        fencingToken: 1,
        frameTimesMs: numbers.map((n) => epoch + (n * 1000) / FPS),
        // The stream's clock need not begin at 0.
        mediaTimesSeconds: numbers.map((n) => 3 + n / FPS),
        width: 1,
        height: 1,
        pixelFormat: 'gray8',
        pixels: Uint8Array.from(numbers, (n) => frames[n] ?? 0),
      };
      yield segment;
    }
  }

  async frameTimes(file: string) {
    return (this.recordings[file] ?? []).map((_, n) => 3 + n / FPS);
  }

  async extract(segment: Segment): Promise<SegmentFeatures> {
    return {
      epoch: segment.epoch,
      sequence: segment.sequence,
      startMs: segment.frameTimesMs[0] ?? 0,
      endMs: segment.frameTimesMs.at(-1) ?? 0,
      rows: 1,
      columns: 1,
      channels: 1,
      values: Float32Array.of(segment.pixels.reduce((sum, pixel) => sum + pixel, 0) / PER_SEGMENT),
    };
  }

  openCamera(cameraId: string, learnsFrom: 'recordings' | 'live'): EvaluatedCamera {
    this.log.push(`camera ${learnsFrom}`);
    const { log, required } = this;
    const tracker = new IncidentTracker(cameraId, { quietMs: 5000, ...(this.decide ? { decide: this.decide } : {}) });
    let observed = 0;
    let done = false;
    return {
      get learning() {
        return { done };
      },
      observe: ({ epoch, sequence, startMs, endMs, values }) => {
        if (!done) {
          observed++;
          if (learnsFrom === 'live' && observed >= required) done = true;
          return null;
        }
        const level = (values[0] ?? 0) / 100;
        const score = {
          epoch,
          sequence,
          startMs,
          endMs,
          score: level,
          surprise: level,
          cues: [],
          certainty: 1,
          hottestCell: null,
          explanation: null,
          dependenceSegments: 1,
        };
        const step = { statistic: level, threshold: 0.5, onsetMs: startMs, alarm: level >= 0.5 };
        return { score, changes: tracker.observe(score, step) };
      },
      tick: (nowMs) => tracker.tick(nowMs),
      endRecording: () => {
        log.push('end of recording');
      },
      finishLearning: () => {
        if (observed < required)
          throw problem('VDT_LEARNING_TOO_SHORT', { observedSegments: observed, minimumSegments: required });
        done = true;
        log.push(`learned ${observed}`);
      },
    };
  }
}

/** Frames at a brightness, a stretch after another: `frames([50, 0], [20, 90])` is 50 dark ones, then 20 bright ones. */
export function frames(...stretches: readonly (readonly [count: number, brightness: number])[]): number[] {
  return stretches.flatMap(([count, brightness]) => Array(count).fill(brightness));
}
