import { VedetteError } from '../platform/errors.ts';

/** Null for what is not there; any other error goes on. */
export async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof VedetteError && thrown.code === 'VDT_NOT_FOUND') return null;
    throw thrown;
  }
}
