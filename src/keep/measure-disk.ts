import { statfs } from 'node:fs/promises';
import type { MeasureDisk } from './ports.ts';

/** What an ordinary user may still write (`bavail`), not what root may. */
export const measureDisk: MeasureDisk = async (folder) => {
  const info = await statfs(folder);
  return { freeBytes: info.bavail * info.bsize, totalBytes: info.blocks * info.bsize };
};
