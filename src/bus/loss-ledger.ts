/**
 * Each lost segment is counted once (invariant 2):
 * - ingest counts what never reached `publish`, and what `publish` rejected;
 * - the publisher counts what it trims from the stream before anybody read it (`publish` returns the number);
 * - the reader counts the rest: entries trimmed while pending with a reader that died, and what a wiped Redis took.
 *
 * For the reader to know the rest, every entry carries what the publishing side knew when it was written.
 */
export interface LossNote {
  /** Place of this segment among all that ingest cut under this fencing token, over all epochs; counts from 0. */
  readonly ordinal: number;
  /** How many of those before it were counted as lost by ingest or by the publisher, so far. */
  readonly counted: number;
  /** Most entries in the stream: an entry this much further on was certainly written later than this one was read. */
  readonly limit: number;
}

/** The publishing side's book of one camera. */
export class LossLedger {
  #epoch: number | null = null;
  #sequence = -1;
  #ordinal = -1;
  #counted = 0;

  /** To be called for each segment, in order, before it is sent; takes in the gap that ingest left before it. */
  begin(epoch: number, sequence: number): { readonly ordinal: number; readonly counted: number } {
    const missing = Math.max(0, epoch === this.#epoch ? sequence - this.#sequence - 1 : sequence);
    this.#epoch = epoch;
    this.#sequence = sequence;
    this.#ordinal += missing + 1;
    this.#counted += missing;
    return { ordinal: this.#ordinal, counted: this.#counted };
  }

  /** Segments that were counted as lost since: trimmed unread, or the one that could not be sent. */
  add(count: number): void {
    this.#counted += count;
  }
}

/** The reading side's book of one camera: tells the losses that nobody else has counted. */
export class GapLedger {
  #publisher: number | null = null;
  #last: LossNote = { ordinal: -1, counted: 0, limit: 0 };
  #missing = 0;
  #explained = 0;
  #reported = 0;
  #settleAt = 0;

  /** An entry of ours vanished while pending; the caller counts it now, so its gap must not count again. */
  noteVanished(count: number): void {
    this.#explained += count;
  }

  /**
   * Takes in the next entry; `publisher` is its fencing token. Returns the losses now known to be uncounted. A trim is
   * told only by entries written after it, so a gap is held back until `limit` entries later. The first entry of a
   * publisher sets the base and counts nothing.
   */
  observe(publisher: number, note: LossNote): number {
    if (publisher !== this.#publisher || note.ordinal < this.#last.ordinal) {
      this.#publisher = publisher;
      this.#missing = 0;
      this.#explained = 0;
      this.#reported = 0;
    } else if (note.ordinal > this.#last.ordinal) {
      const gap = note.ordinal - this.#last.ordinal - 1;
      this.#explained += Math.max(0, note.counted - this.#last.counted);
      if (gap > 0) {
        this.#missing += gap;
        this.#settleAt = note.ordinal + note.limit;
      }
    }
    this.#last = note;
    const uncounted = this.#missing - this.#explained - this.#reported;
    if (uncounted <= 0 || note.ordinal < this.#settleAt) return 0;
    this.#reported += uncounted;
    return uncounted;
  }
}
