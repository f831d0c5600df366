import { frameDifferenceScorer } from './frame-difference.ts';
import type { ClipScorer } from './live-path.ts';

/** What a clip scorer needs to know of a head; a `HeadManifest` is one. */
export interface JudgingHead {
  readonly id: string;
  /** Of the detector as deployed, 0 to 1. */
  readonly threshold: number;
}

/** What scores a clip of an unknown camera: the first head that was named, or frame difference where there is none. */
export function clipScorerOf(heads: readonly JudgingHead[]): ClipScorer {
  const [head, ...others] = heads;
  return head ? headScorer(head, others) : frameDifferenceScorer;
}

/**
 * A segment's score is the head's, 0 to 1, which knows the segments before it and none after; -Infinity where the head did not judge.
 * @param others heads that look at the clips too, but do not count
 */
export function headScorer({ id, threshold }: JudgingHead, others: readonly JudgingHead[] = []): ClipScorer {
  const unused = others.map((other) => other.id).join(', ');
  return {
    name: id,
    threshold,
    notes: unused === '' ? [] : [`the clips were scored by ${id} alone; name another head first to use it: ${unused}`],
    startClip: () => ({
      observe: (_, features) => features?.learned?.heads[id]?.score ?? Number.NEGATIVE_INFINITY,
    }),
  };
}
