import type { Segment } from '../../bus/segment.ts';
import type { VedetteError } from '../../platform/errors.ts';
import type { HeadOutput } from '../../score/learned-features.ts';
import type { SegmentFeatures } from '../../score/segment-features.ts';
import type { DetectorSession } from './detector/detector-session.ts';
import type { EmbeddingSession } from './embedding-session.ts';
import type { HeadSession } from './head-session.ts';
import type { PackSession } from './session.ts';
import { SnippetHistory, type SnippetWindow } from './snippet-history.ts';

/** The open packs of a camera. */
export interface CameraPacks {
  readonly base: PackSession;
  readonly detector: DetectorSession | null;
  readonly learned: readonly EmbeddingSession[];
  readonly heads: readonly HeadSession[];
}

/** One segment on its way through its camera's packs. */
export interface Job {
  readonly segment: Segment;
  readonly packs: CameraPacks;
  readonly line: CameraLine;
  /** Null for recordings: nothing is left out of them, so that every run gives the same. */
  readonly live: { readonly cameraId: string } | null;
  readonly done: (features: SegmentFeatures) => void;
  readonly failed: (error: VedetteError) => void;
  base: SegmentFeatures | null;
  readonly embeddings: Record<string, Float32Array>;
  readonly heads: Record<string, HeadOutput>;
  /** Extractors that have yet to look. */
  looks: number;
  /** Heads that have yet to judge; null before they were asked. */
  judgements: number | null;
  error: VedetteError | null;
}

/** What a head is asked. */
export interface Question {
  readonly job: Job;
  readonly head: HeadSession;
  readonly window: SnippetWindow;
}

/**
 * The segments of one camera under way, and what its extractors made of those before. However the packs take turns, heads see the
 * segments in order, and results leave in order.
 */
export class CameraLine {
  readonly #jobs: Job[] = [];
  /** By extractor, for those that a head reads. */
  readonly #histories = new Map<string, SnippetHistory>();
  #closed = false;

  get idle(): boolean {
    return this.#jobs.length === 0;
  }

  add(job: Job): void {
    this.#jobs.push(job);
  }

  /** Nothing leaves any more: the camera was given up. */
  close(): void {
    this.#closed = true;
    this.#jobs.length = 0;
    this.#histories.clear();
  }

  /** What the heads are to be asked now: about segments that every extractor has looked at, and all before them too. */
  questions(): readonly Question[] {
    const questions: Question[] = [];
    for (const job of this.#jobs) {
      if (job.looks > 0) break;
      if (job.judgements !== null) continue;
      const asked = job.error ? [] : this.#ask(job);
      job.judgements = asked.length;
      questions.push(...asked);
    }
    return questions;
  }

  /** Hands out the results of the foremost segments, as far as they are complete. */
  deliver(): void {
    while (!this.#closed) {
      const [job] = this.#jobs;
      if (!job || job.looks > 0 || job.judgements !== 0) return;
      this.#jobs.shift();
      const features = job.error ? null : featuresOf(job);
      if (features) job.done(features);
      else if (job.error) job.failed(job.error);
    }
  }

  #ask(job: Job): Question[] {
    const { heads } = job.packs;
    for (const extractor of new Set(heads.map(({ manifest }) => manifest.extractor))) {
      const windows = heads.flatMap(({ manifest }) =>
        manifest.extractor === extractor ? manifest.features.window : [],
      );
      const history = this.#histories.get(extractor) ?? new SnippetHistory(Math.max(...windows));
      this.#histories.set(extractor, history);
      history.push(job.segment, job.embeddings[extractor] ?? null);
    }
    return heads.flatMap((head) => {
      const { extractor, features } = head.manifest;
      const window = this.#histories.get(extractor)?.window(features.window);
      return window && job.embeddings[extractor] ? [{ job, head, window }] : [];
    });
  }
}

function featuresOf({ base, packs, embeddings, heads }: Job): SegmentFeatures | null {
  if (!base) return null;
  if (packs.learned.length === 0) return base;
  // in the order of the plan, whichever pack had its turn first
  const inOrder = <Found>(
    sessions: readonly (EmbeddingSession | HeadSession)[],
    found: Readonly<Record<string, Found>>,
  ) =>
    Object.fromEntries(
      sessions.flatMap(({ pack: { manifest } }) => {
        const own = found[manifest.id];
        return own === undefined ? [] : [[manifest.id, own] as const];
      }),
    );
  return {
    ...base,
    learned: { embeddings: inOrder(packs.learned, embeddings), heads: inOrder(packs.heads, heads) },
  };
}
