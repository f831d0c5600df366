const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * Minutes after local midnight, 0 to 1439.
 * @param timeZone IANA name
 * @throws RangeError for a name that is none; the configuration is checked before
 */
export function minuteOfDay(epochMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return ((Math.floor(epochMs / MINUTE_MS) % DAY_MINUTES) + DAY_MINUTES) % DAY_MINUTES;
  let format = formats.get(timeZone);
  if (!format) {
    // making one costs a hundred times as much as using it
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
    formats.set(timeZone, format);
  }
  const [hour = 0, minute = 0] = format.format(epochMs).split(':').map(Number);
  return hour * 60 + minute;
}

/** Whether the minute lies in the stretch, `from` included and `to` not; over midnight where `to` lies before `from`, the whole day where equal. */
export function isWithin(minute: number, fromMinute: number, toMinute: number): boolean {
  if (fromMinute === toMinute) return true;
  return fromMinute < toMinute ? minute >= fromMinute && minute < toMinute : minute >= fromMinute || minute < toMinute;
}
