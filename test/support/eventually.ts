import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Repeats `check` until it passes, and gives back what it returns; fails with its last error after `withinMs`.
 * What a test uses instead of sleeping for luck.
 */
export async function eventually<Result>(
  check: () => Result | Promise<Result>,
  options: { readonly withinMs?: number; readonly everyMs?: number } = {},
): Promise<Result> {
  const deadlineMs = performance.now() + (options.withinMs ?? 10_000);
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await sleep(options.everyMs ?? 25);
  }
}
