import { describe, expect, test } from 'vitest';
import { CaptureClock, type CaptureTime } from '../../../src/ingest/capture-clock.ts';
import { SteadyUtc } from '../../../src/ingest/steady-utc.ts';
import { ManualClock } from '../../../src/platform/manual-clock.ts';

const START = Date.UTC(2026, 2, 29);
const DAY_MS = 86_400_000;

interface Frame {
  /** When it was really taken, ms from the start. */
  readonly takenMs: number;
  readonly mediaSeconds: number;
  readonly delayMs: number;
}

/** Plays frames to the clock, each when it arrives, and gives what the clock says of each. */
async function play(frames: readonly Frame[], steps: Readonly<Record<number, number>> = {}) {
  const clock = new ManualClock(START);
  const capture = new CaptureClock(new SteadyUtc(clock));
  const told: (CaptureTime & { readonly errorMs: number })[] = [];
  let wallErrorMs = 0;
  for (const [i, frame] of frames.entries()) {
    const stepMs = steps[i];
    if (stepMs !== undefined) {
      clock.stepWallClock(stepMs);
      wallErrorMs += stepMs;
    }
    const waitMs = frame.takenMs + frame.delayMs - clock.monotonicMs();
    if (waitMs > 0) await clock.advance(waitMs);
    const time = capture.observe(frame.mediaSeconds);
    told.push({ ...time, errorMs: time.captureMs - (START + frame.takenMs) });
  }
  return { told, wallErrorMs };
}

/** Ten frames a second; delays jump about as a network does, the same in each run. */
const steady = (
  count: number,
  media: (takenSeconds: number, i: number) => number = (seconds) => 1_000 + seconds,
): Frame[] =>
  Array.from({ length: count }, (_, i) => ({
    takenMs: i * 100,
    mediaSeconds: media(i / 10, i),
    delayMs: 30 + ((i * 7_919) % 13) * 20,
  }));

const epochs = (told: readonly CaptureTime[]) => new Set(told.map((time) => time.epoch)).size;
const worst = (told: readonly { readonly errorMs: number }[]) =>
  Math.max(...told.map((time) => Math.abs(time.errorMs)));
function expectOrder(told: readonly CaptureTime[]): void {
  for (const [i, time] of told.entries()) {
    const before = told[i - 1];
    if (!before) continue;
    expect(time.captureMs).toBeGreaterThanOrEqual(before.captureMs);
    expect(time.epoch).toBeGreaterThanOrEqual(before.epoch);
    expect(time.began === null).toBe(time.epoch === before.epoch);
  }
}

describe('capture times', () => {
  test('are those of the least-delayed frames, in one epoch, whatever the network does', async () => {
    const { told } = await play(steady(300));
    expect(epochs(told)).toBe(1);
    expectOrder(told);
    expect(worst(told.slice(20))).toBeLessThan(150);
  });

  test.each([0.8, 1.2])('follow a camera whose clock runs at %d times the true rate', async (rate) => {
    const { told } = await play(steady(1_200, (seconds) => 50 + seconds * rate));
    expectOrder(told);
    expect(worst(told)).toBeLessThan(500);
    expect(epochs(told)).toBe(1);
  });

  test('start a new epoch each time the media clock goes back, and keep the order', async () => {
    const { told } = await play(steady(600, (seconds) => seconds % 13));
    expect(epochs(told)).toBe(5);
    expectOrder(told);
    expect(worst(told)).toBeLessThan(500);
    expect(told.find((time, i) => i > 0 && time.began !== null)?.began).toBe('media clock went back');
  });

  test('start a new epoch when the media clock jumps ahead by an hour', async () => {
    const { told } = await play(steady(200, (seconds, i) => (i < 100 ? seconds : seconds + 3_600)));
    expect(epochs(told)).toBe(2);
    expectOrder(told);
    expect(worst(told)).toBeLessThan(500);
  });

  test('bear equal media times', async () => {
    const { told } = await play(steady(100, (_seconds, i) => Math.floor(i / 3) * 0.3));
    expect(epochs(told)).toBe(1);
    expectOrder(told);
    expect(worst(told)).toBeLessThan(500);
  });

  test('are right for frames that pile up in a stall and arrive in a burst', async () => {
    const { told } = await play(
      steady(200).map((frame) => ({
        ...frame,
        delayMs: frame.takenMs > 8_000 && frame.takenMs < 12_000 ? 12_000 - frame.takenMs : 50,
      })),
    );
    expect(epochs(told)).toBe(1);
    expectOrder(told);
    expect(worst(told)).toBeLessThan(100);
  });

  test('follow a wall clock that is set forward by a day, in a new epoch', async () => {
    const { told } = await play(steady(200), { 100: DAY_MS });
    expect(epochs(told)).toBe(2);
    expectOrder(told);
    expect(worst(told.slice(0, 100))).toBeLessThan(500);
    expect(worst(told.slice(100).map((time) => ({ errorMs: time.errorMs - DAY_MS })))).toBeLessThan(500);
  });

  test('go on as before when the wall clock is set back by a day: nothing overlaps', async () => {
    const { told } = await play(steady(200), { 100: -DAY_MS });
    expect(epochs(told)).toBe(1);
    expectOrder(told);
    expect(worst(told)).toBeLessThan(500);
  });

  test('start behind everything that was given out before a restart', () => {
    const clock = new ManualClock(START);
    const capture = new CaptureClock(new SteadyUtc(clock, START + 60_000), START + 60_000);
    const first = capture.observe(0);
    expect(first.captureMs).toBeGreaterThanOrEqual(START + 60_000);
    expect(first.epoch).toBeGreaterThan(START + 60_000);
  });

  test('start a new epoch after each connect', async () => {
    const clock = new ManualClock(START);
    const capture = new CaptureClock(new SteadyUtc(clock));
    const first = capture.observe(5);
    await clock.advance(10);
    capture.reset();
    const second = capture.observe(5.01);
    expect(second.began).toBe('connected');
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(capture.toUtcMs(6.01)).toBe(second.captureMs + 1_000);
  });
});
