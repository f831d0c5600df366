/** A true event of one video, seconds since the video's start; `endSeconds` is its last anomalous moment. */
export interface TrueEvent {
  readonly startSeconds: number;
  readonly endSeconds: number;
}

/** The events of one video and the moments at which alerts left while it played. */
export interface AlertedVideo {
  readonly name: string;
  readonly events: readonly TrueEvent[];
  /** Seconds since the video's start, in any order. */
  readonly alertSeconds: readonly number[];
}

/** How far outside an event an alert still counts for it. */
export interface EventWindow {
  readonly beforeSeconds: number;
  readonly afterSeconds: number;
}

/** The defaults of the field notes: 2 s before the onset (operators annotate late), 10 s after the end. */
export const EVENT_WINDOW: EventWindow = { beforeSeconds: 2, afterSeconds: 10 };

export interface EventDetection {
  readonly events: number;
  readonly found: number;
  /** found / events; NaN without events. */
  readonly recall: number;
  /** For every event the delay from onset to its alert, at least 0; Infinity for a missed one. */
  readonly delaysSeconds: readonly number[];
  readonly alerts: number;
  /** Alerts in no event's window. */
  readonly falseAlerts: number;
  /** Alerts in a window whose event another alert already serves: noise, yet not false. */
  readonly duplicateAlerts: number;
}

/**
 * Matches alerts to events: an event is found if an alert starts in [start − before, end + after]; one alert serves
 * one event only. Alerts are taken in time order, each by the open event whose window closes first, which finds as
 * many events as any matching can.
 */
export function detectEvents(videos: readonly AlertedVideo[], window: EventWindow = EVENT_WINDOW): EventDetection {
  const results = videos.map((video) => detectInVideo(video, window));
  const delaysSeconds = results.flatMap((result) => result.delaysSeconds);
  const found = delaysSeconds.filter(Number.isFinite).length;
  return {
    events: delaysSeconds.length,
    found,
    recall: found / delaysSeconds.length,
    delaysSeconds,
    alerts: videos.reduce((sum, video) => sum + video.alertSeconds.length, 0),
    falseAlerts: results.reduce((sum, result) => sum + result.falseAlerts, 0),
    duplicateAlerts: results.reduce((sum, result) => sum + result.duplicateAlerts, 0),
  };
}

function detectInVideo({ events, alertSeconds }: AlertedVideo, { beforeSeconds, afterSeconds }: EventWindow) {
  const delaysSeconds = events.map(() => Number.POSITIVE_INFINITY);
  let falseAlerts = 0;
  let duplicateAlerts = 0;
  for (const alert of [...alertSeconds].sort((a, b) => a - b)) {
    let inWindow = false;
    let chosen = -1;
    events.forEach((event, index) => {
      if (alert < event.startSeconds - beforeSeconds || alert > event.endSeconds + afterSeconds) return;
      inWindow = true;
      if (Number.isFinite(delaysSeconds[index])) return;
      if (chosen < 0 || event.endSeconds < (events[chosen]?.endSeconds ?? 0)) chosen = index;
    });
    const event = events[chosen];
    if (event) delaysSeconds[chosen] = Math.max(0, alert - event.startSeconds);
    else if (inWindow) duplicateAlerts++;
    else falseAlerts++;
  }
  return { delaysSeconds, falseAlerts, duplicateAlerts };
}

/** Share of events alerted within `seconds` of their onset; misses count against it. NaN without events. */
export function shareWithin(delaysSeconds: readonly number[], seconds: number): number {
  return delaysSeconds.filter((delay) => delay <= seconds).length / delaysSeconds.length;
}
