import type { Thing } from './describe.ts';
import { comparable } from './descriptor.ts';
import { moveAlike, type Nearness, nearestOn, type Point, pointOf, type Stretch, stretchOf } from './likeness.ts';
import { PASSAGE_MS, type Passage, passageAfter, trustIn } from './passage.ts';

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
  /** Above 0, at most 1; of a dismissed one what counts of it, by the passage. */
  readonly likeness: number;
}

export interface Feedback {
  /** -ln p per cue, nats; the very array that was given where the thing is like no reference. */
  readonly surprises: readonly number[];
  readonly like: Likeness | null;
  /** To be given with the next segment. */
  readonly passage: Passage | null;
}

/** A segment, as far as references go. */
export interface Strange {
  /** Null where nothing stands out: then nothing changes. */
  readonly thing: Thing | null;
  /** -ln p per cue, nats. */
  readonly surprises: readonly number[];
  /** UTC ms. */
  readonly startMs: number;
  readonly endMs: number;
}

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
 * dismissed, or strange in another way, stays as strange as it is beyond that; and only as far as the whole passage is like it (passage.ts).
 * Immutable.
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
   * @param passage what the last segments were (`Feedback.passage`), null at first
   */
  apply({ thing, surprises, startMs, endMs }: Strange, passage: Passage | null): Feedback {
    if (this.#prepared.length === 0) return { surprises, like: null, passage: null };
    if (thing === null) return { surprises, like: null, passage };
    const { confirmed, dismissed, explained } = this.#alike(thing, surprises.length);
    const excess = Math.max(0, ...surprises.map((surprise, cue) => (thing.involved[cue] ? surprise - ORDINARY : 0)));
    const now = passageAfter(passage, { startMs, endMs, excess, likeness: dismissed?.likeness ?? 0 });
    // what was both confirmed and dismissed is judged by what it is more like
    if (confirmed !== null && confirmed.likeness >= (dismissed?.likeness ?? 0)) {
      const gain = CONFIRMED_GAIN * confirmed.likeness;
      const raised = (surprise: number) => surprise + gain * Math.max(0, surprise - ORDINARY);
      return { surprises: changed(thing, surprises, raised), like: confirmed, passage: now };
    }
    const trust = trustIn(now);
    if (dismissed === null || trust === 0) return { surprises, like: null, passage: now };
    const lowered = (surprise: number, cue: number) =>
      Math.max(Math.min(surprise, ORDINARY), surprise - trust * (explained[cue] ?? 0));
    const like = { ...dismissed, likeness: trust * dismissed.likeness };
    return { surprises: changed(thing, surprises, lowered), like, passage: now };
  }

  /** The references that a thing is most like, and what the dismissed ones explain of each cue, the most that any one does. */
  #alike(thing: Thing, cues: number) {
    const points = {
      confirmed: pointOf(thing.descriptor, 'confirmed'),
      dismissed: pointOf(thing.descriptor, 'dismissed'),
    };
    const most: Record<'confirmed' | 'dismissed', Likeness | null> = { confirmed: null, dismissed: null };
    const explained = new Array<number>(cues).fill(0);
    for (const { reference, sample, stretches } of this.#prepared) {
      if (!comparable(sample, thing.descriptor)) continue;
      const { id, verdict, label, reviewedMs } = reference;
      let likeness = 0;
      for (const stretch of stretches) {
        const near = nearestOn(stretch, points[verdict]);
        if (near.likeness === 0) continue;
        const clear = verdict === 'confirmed' ? this.#clearness(thing.descriptor, points.confirmed, near.distance) : 1;
        likeness = Math.max(likeness, near.likeness * clear);
        if (verdict === 'dismissed') explain(explained, stretch, near);
      }
      if (likeness > (most[verdict]?.likeness ?? 0)) most[verdict] = { id, verdict, label, reviewedMs, likeness };
    }
    return { ...most, explained };
  }

  /** 0 where something ordinary is as near as the confirmed reference, 1 where the reference is clearly nearer. */
  #clearness(descriptor: readonly number[], point: Point, distance: number): number {
    let nearest = Number.POSITIVE_INFINITY;
    for (const { sample, stretch } of this.#ordinary) {
      if (comparable(sample, descriptor)) nearest = Math.min(nearest, nearestOn(stretch, point).distance);
    }
    return Math.min(1, Math.max(0, (nearest - distance) / CLEARLY_NEARER));
  }
}

export const NO_REFERENCES = new ReferenceBank([]);

/** The surprises, those about the thing changed. */
function changed(
  { involved }: Thing,
  surprises: readonly number[],
  change: (surprise: number, cue: number) => number,
): readonly number[] {
  return surprises.map((surprise, cue) => (involved[cue] ? change(surprise, cue) : surprise));
}

function explain(explained: number[], stretch: Stretch, { share, likeness }: Nearness): void {
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
