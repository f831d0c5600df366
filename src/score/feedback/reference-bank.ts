import type { Thing } from './describe.ts';
import { comparable } from './descriptor.ts';
import { likenessAt, moveAlike, nearestOn, pointOf, type Stretch, stretchOf } from './likeness.ts';

/** A reviewed incident, as the camera remembers it. */
export interface FeedbackReference {
  readonly id: string;
  readonly verdict: 'confirmed' | 'dismissed';
  readonly label: string | null;
  /** When it was reviewed, UTC ms. */
  readonly reviewedMs: number;
  /** In order of time. */
  readonly moments: readonly { readonly endMs: number; readonly values: readonly number[] }[];
}

/** The reference that a segment is most like. */
export interface Likeness {
  readonly id: string;
  readonly verdict: 'confirmed' | 'dismissed';
  readonly label: string | null;
  readonly reviewedMs: number;
  /** Above 0, at most 1. */
  readonly likeness: number;
}

export interface Feedback {
  /** -ln p per cue, nats; the very array that was given where the thing is like no reference. */
  readonly surprises: readonly number[];
  readonly like: Likeness | null;
}

/** Moments of one incident this close to one another belong to one passage. */
const PASSAGE_MS = 4_000;
/** What ordinary footage has: a dismissed thing comes down to it, a confirmed one is raised from it. Nats. */
const ORDINARY = 1;
/** A dismissed reference explains as much of each cue's surprise as it had itself beyond the ordinary, and a little for chance. Nats. */
const EXPLAINED_FACTOR = 1;
const EXPLAINED_NATS = 1;
/** A confirmed thing must be so much nearer to its reference than to anything ordinary to count in full, in units of likeness.ts. */
const CLEARLY_NEARER = 0.5;
/** Surprise beyond the ordinary counts so many times more for what is like a confirmed reference. */
const CONFIRMED_GAIN = 1.5;

interface Prepared {
  readonly reference: FeedbackReference;
  /** A descriptor of it, to see whether a thing can be compared. */
  readonly sample: readonly number[];
  readonly stretches: readonly Stretch[];
}

/**
 * Two banks of references, NAGL's form: what was confirmed and what was dismissed, in use from the first one on. Where NAGL and ResAD++
 * compare residuals from the nearest normal, the surprises of the cues are what remains here after the normal; a dismissed reference
 * takes from them what it had itself (DictAS: what the dictionary can rebuild is no anomaly), so a thing that is stranger than what was
 * dismissed, or strange in another way, stays as strange as it is beyond that. Immutable.
 */
export class ReferenceBank {
  readonly #prepared: readonly Prepared[];
  /** Things of normal life, each as a stretch of no length. */
  readonly #ordinary: readonly { readonly sample: readonly number[]; readonly stretch: Stretch }[];

  /**
   * @param ordinary descriptors of the strangest things in the camera's normal history (`ordinaryThings`): what is about as like one of
   *   them as it is like a confirmed reference gains nothing, so confirming costs no false alerts (NAGL's score is the difference, too)
   */
  constructor(references: readonly FeedbackReference[], ordinary: readonly (readonly number[])[] = []) {
    this.#ordinary = references.some(({ verdict }) => verdict === 'confirmed')
      ? ordinary.map((sample) => ({ sample, stretch: stretchOf(sample, null, 'confirmed') }))
      : [];

    this.#prepared = references.flatMap((reference) => {
      const sample = reference.moments[0]?.values;
      return sample ? [{ reference, sample, stretches: stretchesOf(reference) }] : [];
    });
  }

  get size(): number {
    return this.#prepared.length;
  }

  /**
   * Changes the surprises of the cues that are about the thing, by the reference that it is most like.
   *
   * @param thing null where nothing stands out: then nothing changes
   * @param surprises per cue, -ln p, nats
   */
  apply(thing: Thing | null, surprises: readonly number[]): Feedback {
    if (thing === null || this.#prepared.length === 0) return { surprises, like: null };
    const points = {
      confirmed: pointOf(thing.descriptor, 'confirmed'),
      dismissed: pointOf(thing.descriptor, 'dismissed'),
    };
    let like: Likeness | null = null;
    /** What the dismissed references explain of each cue, the most that any one does. */
    const explained = surprises.map(() => 0);
    let confirmed = 0;
    for (const { reference, sample, stretches } of this.#prepared) {
      if (!comparable(sample, thing.descriptor)) continue;
      const { id, verdict, label, reviewedMs } = reference;
      let likeness = 0;
      for (const stretch of stretches) {
        const { distance, share } = nearestOn(stretch, points[verdict]);
        let own = likenessAt(distance);
        if (own > 0 && verdict === 'confirmed') own *= this.#clearness(thing.descriptor, points.confirmed, distance);
        if (own === 0) continue;
        likeness = Math.max(likeness, own);
        if (verdict === 'dismissed') explain(explained, stretch, share, own);
      }
      if (verdict === 'confirmed') confirmed = Math.max(confirmed, likeness);
      if (likeness > 0 && likeness > (like?.likeness ?? 0)) like = { id, verdict, label, reviewedMs, likeness };
    }
    if (like === null) return { surprises, like };
    const changed = surprises.map((surprise, index) => {
      if (!thing.involved[index]) return surprise;
      const left = Math.max(Math.min(surprise, ORDINARY), surprise - (explained[index] ?? 0));
      // what was both confirmed and dismissed is judged by what it is more like
      const gain = like.verdict === 'confirmed' ? CONFIRMED_GAIN * confirmed : 0;
      const base = like.verdict === 'confirmed' ? surprise : left;
      return base + gain * Math.max(0, base - ORDINARY);
    });
    return { surprises: changed, like };
  }

  /** 0 where something ordinary is as near as the confirmed reference, 1 where the reference is clearly nearer. */
  #clearness(descriptor: readonly number[], point: readonly number[], distance: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { sample, stretch } of this.#ordinary) {
      if (comparable(sample, descriptor)) nearest = Math.min(nearest, nearestOn(stretch, point).distance);
    }
    return Math.min(1, Math.max(0, (nearest - distance) / CLEARLY_NEARER));
  }
}

export const NO_REFERENCES = new ReferenceBank([]);

function explain(explained: number[], stretch: Stretch, share: number, likeness: number): void {
  for (let cue = 0; cue < explained.length; cue++) {
    const from = stretch.fromSurprises[cue] ?? 0;
    const own = from + share * ((stretch.toSurprises[cue] ?? 0) - from);
    const nats = likeness * (EXPLAINED_FACTOR * own + EXPLAINED_NATS);
    if (nats > (explained[cue] ?? 0)) explained[cue] = nats;
  }
}

function stretchesOf({ moments, verdict }: FeedbackReference): readonly Stretch[] {
  const inOrder = [...moments].sort((a, b) => a.endMs - b.endMs);
  return inOrder.map((moment, index) => {
    const next = inOrder[index + 1];
    const onePassage =
      next !== undefined &&
      next.endMs - moment.endMs <= PASSAGE_MS &&
      comparable(moment.values, next.values) &&
      moveAlike(moment.values, next.values);
    return stretchOf(moment.values, onePassage ? next.values : null, verdict);
  });
}
