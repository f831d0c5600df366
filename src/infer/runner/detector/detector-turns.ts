/** Live segments that have waited longer than this beyond the batch's own wait go on without the detector. */
const BEHIND_MS = 200;
/** Live segments that go through the detector together, between two looks at the clock. */
const GROUP_SIZE = 4;

/** One segment that a detector might look at. */
export interface Turn {
  /** Place in the batch. */
  readonly index: number;
  /** Null for a recording. */
  readonly cameraId: string | null;
  /** How much longer it has waited than the batch lets it. */
  readonly behindMs: number;
  readonly hasStill: boolean;
}

export interface TurnGroup {
  readonly live: boolean;
  readonly indices: readonly number[];
  readonly cameraIds: readonly string[];
}

/**
 * Who gets the detector, and in which order: recordings always; of live cameras those that are not behind, the one first that
 * was not looked at for longest. So a machine that cannot keep up looks less often, at every camera in turn.
 */
export class DetectorTurns {
  /** Camera -> when it was last looked at, monotonic ms. */
  readonly #lookedMs = new Map<string, number>();

  order(turns: readonly Turn[]): readonly TurnGroup[] {
    const recorded = turns.filter(({ cameraId }) => cameraId === null);
    const live = turns
      .filter(({ cameraId, behindMs, hasStill }) => cameraId !== null && behindMs <= BEHIND_MS && hasStill)
      .toSorted((a, b) => this.#lastMs(a) - this.#lastMs(b));
    const groups: TurnGroup[] = [];
    if (recorded.length > 0) groups.push(groupOf(recorded, false));
    for (let from = 0; from < live.length; from += GROUP_SIZE) {
      groups.push(groupOf(live.slice(from, from + GROUP_SIZE), true));
    }
    return groups;
  }

  /** The group was looked at. */
  note({ cameraIds }: TurnGroup, nowMs: number): void {
    for (const id of cameraIds) this.#lookedMs.set(id, nowMs);
  }

  /** Forgets a camera. */
  forget(cameraId: string): void {
    this.#lookedMs.delete(cameraId);
  }

  #lastMs({ cameraId }: Turn): number {
    return this.#lookedMs.get(cameraId ?? '') ?? Number.NEGATIVE_INFINITY;
  }
}

function groupOf(turns: readonly Turn[], live: boolean): TurnGroup {
  return {
    live,
    indices: turns.map(({ index }) => index),
    cameraIds: turns.flatMap(({ cameraId }) => cameraId ?? []),
  };
}
