import { join } from 'node:path';

/** A file of the real footage beside the checkout, which only some machines have; look before you use it. */
export function dataPath(name: string): string {
  return join(import.meta.dirname, '../../../../shared/data', name);
}
