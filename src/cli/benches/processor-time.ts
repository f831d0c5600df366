import { readFile } from 'node:fs/promises';

/** Linux counts processor time in hundredths of a second (USER_HZ, fixed by its interface). */
const MS_PER_TICK = 10;

/** Processor time that a process has used so far, all threads, ms; null where the system does not show it (not Linux). */
export async function processorMs(pid: number | null): Promise<number | null> {
  if (pid === null) return null;
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // the second field, a name in brackets, may hold blanks: fields are counted behind it
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields?.[11]) + Number(fields?.[12]);
  return Number.isFinite(ticks) ? ticks * MS_PER_TICK : null;
}
