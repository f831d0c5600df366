/**
 * How much of what was strange in the last seconds was like a dismissed reference. A repeat is like its reference all along; something else
 * that comes the same way is so at a few moments only, and what it is like then must not silence it.
 */
export interface Passage {
  /** End of its last segment, UTC ms. */
  readonly endMs: number;
  /** Sum of surprises, older ones for less, nats. */
  readonly strange: number;
  /** The same, each times how like a dismissed reference it was, 0 to 1. */
  readonly alike: number;
}

/** Moments this close to one another belong to one passage. */
export const PASSAGE_MS = 4_000;
/** What is left of a segment's weight with each later one: a third after five. */
const REMEMBERED = 0.8;
/** One moment counts for so much at most, nats. */
const MOST = 20;
/** With so much strangeness alike before it, a passage begins, nats: its first moment may be like a reference by itself. */
const GIVEN = 2;
/** Share of the strangeness that must be alike for the reference to count at all, and to count in full. */
const SOME = 0.35;
const ENOUGH = 0.65;

/** What a segment was: the largest surprise beyond the ordinary of what is strange in it, nats, and how alike, 0 to 1. */
export interface PassageMoment {
  readonly startMs: number;
  readonly endMs: number;
  readonly excess: number;
  readonly likeness: number;
}

/** strange' = 0.8 strange + e, alike' = 0.8 alike + e l, with e = min(20, excess); anew after four seconds without anything strange. */
export function passageAfter(before: Passage | null, { startMs, endMs, excess, likeness }: PassageMoment): Passage {
  const goesOn = before !== null && Math.abs(startMs - before.endMs) <= PASSAGE_MS;
  const weight = Math.min(MOST, excess);
  return {
    endMs,
    strange: REMEMBERED * (goesOn ? before.strange : 0) + weight,
    alike: REMEMBERED * (goesOn ? before.alike : 0) + weight * likeness,
  };
}

/** How much of what a dismissed reference explains is to be believed, 0 to 1. */
export function trustIn({ strange, alike }: Passage): number {
  const share = (alike + GIVEN) / (strange + GIVEN);
  return Math.min(1, Math.max(0, (share - SOME) / (ENOUGH - SOME)));
}
