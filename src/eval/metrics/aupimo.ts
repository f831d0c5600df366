/**
 * AUPIMO in its video form: how much of an event is caught while normal footage stays almost silent. The x-axis is
 * the number of alarms (alarmed minutes) a camera-day that a threshold raises on **normal recordings only**; the y-axis is, for each
 * event, whether its peak score within the tolerated delay reaches that threshold. Averaged over log x between
 * `lower` and `upper`, one number an event (Bertoldo et al., AUPIMO, for images).
 */
/** Alarms of one minute are one alarm to the person who hears them. */
const ALARM_WINDOW_SECONDS = 60;

export interface AupimoInput {
  /** Score curves of normal recordings, evenly sampled; each inner list is one recording. */
  readonly normal: readonly ArrayLike<number>[];
  readonly samplesPerSecond: number;
  /** For each event its highest score between onset and the last moment at which a detection still counts. */
  readonly eventPeaks: readonly number[];
  /** Alarms per camera-day; the defaults 0.01 and 1 need at least 100 normal camera-days for full resolution. */
  readonly lower?: number;
  readonly upper?: number;
}

export interface AupimoResult {
  /** One value 0 to 1 for each event, in the order given. */
  readonly perEvent: readonly number[];
  /** Mean; NaN without events or normal footage. */
  readonly value: number;
  readonly normalCameraDays: number;
  /** Whether there is enough normal footage (1 / upper camera-days) to tell anything at all. */
  readonly supported: boolean;
}

export function videoAupimo(input: AupimoInput): AupimoResult {
  const { normal, samplesPerSecond, eventPeaks, lower = 0.01, upper = 1 } = input;
  const samples = normal.reduce((sum, recording) => sum + recording.length, 0);
  const normalCameraDays = samples / samplesPerSecond / 86_400;
  const windowSamples = Math.max(1, Math.round(ALARM_WINDOW_SECONDS * samplesPerSecond));
  const peaks = Float64Array.from(normal.flatMap((recording) => windowPeaks(recording, windowSamples))).sort();
  const perEvent = eventPeaks.map((peak) => {
    // The event is caught at every rate x at or above the rate of the threshold that just catches it.
    const rate = countFrom(peaks, peak) / normalCameraDays;
    return Math.min(1, Math.max(0, Math.log(upper / Math.max(rate, lower)) / Math.log(upper / lower)));
  });
  return {
    perEvent,
    value: normalCameraDays > 0 ? perEvent.reduce((sum, one) => sum + one, 0) / perEvent.length : Number.NaN,
    normalCameraDays,
    supported: normalCameraDays >= 1 / upper,
  };
}

/**
 * Alarms as windows whose highest score reaches the threshold. Unlike a count of runs this never falls when a lower
 * threshold merges runs, and an alarm that never stops counts in every window.
 */
function windowPeaks(recording: ArrayLike<number>, windowSamples: number): number[] {
  const peaks: number[] = [];
  for (let begin = 0; begin < recording.length; begin += windowSamples) {
    let peak = Number.NEGATIVE_INFINITY;
    for (let i = begin; i < Math.min(begin + windowSamples, recording.length); i++)
      peak = Math.max(peak, recording[i] ?? peak);
    peaks.push(peak);
  }
  return peaks;
}

/** How many of the ascending values are at or above the threshold. */
function countFrom(ascending: Float64Array, threshold: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) >= threshold) high = middle;
    else low = middle + 1;
  }
  return ascending.length - low;
}
