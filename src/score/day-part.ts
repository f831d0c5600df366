import { dependenceLength } from './dependence.ts';
import { FUSED_TAIL } from './fuse.ts';
import { calibrateTail, type Tail } from './tail.ts';

/** One hour on either side shares its history: activity changes with the day, not with the clock's strokes. */
const NEIGHBOUR_HOURS = 1;
/** Half a day at least lies between the oldest and the newest segment: else the hours only say when learning began. */
const MINIMUM_SPAN_MS = 12 * 3_600_000;
const MINIMUM_SEGMENTS = 120;

/**
 * Tails of the fused statistic by hour of the day.
 *
 * @param runs unbroken runs of the statistic, with the UTC ms of each value
 * @returns 24 entries, null where the history has too little of that hour and its neighbours
 */
export function tailsByHour(
  runs: readonly { readonly values: readonly number[]; readonly timesMs: readonly number[] }[],
): readonly (Tail | null)[] {
  const times = runs.flatMap((run) => run.timesMs);
  const first = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const last = times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY);
  if (!(last - first >= MINIMUM_SPAN_MS)) return Array.from({ length: 24 }, () => null);
  return Array.from({ length: 24 }, (_, hour) => {
    const own = runs
      .map(({ values, timesMs }) => values.filter((__, index) => isNear(hour, timesMs[index] ?? 0)))
      .filter((values) => values.length > 0);
    const values = own.flat();
    return values.length < MINIMUM_SEGMENTS ? null : calibrateTail(values, dependenceLength(own), FUSED_TAIL);
  });
}

function isNear(hour: number, timeMs: number): boolean {
  const distance = Math.abs(new Date(timeMs).getUTCHours() - hour);
  return Math.min(distance, 24 - distance) <= NEIGHBOUR_HOURS;
}
