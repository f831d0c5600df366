import { CUES, type CueName } from './cue-definitions.ts';
import type { CueReading, NormalityModel } from './normality-model.ts';

/** Nats of surprise below which there is nothing to explain: once in fifty segments. */
const WORTH_EXPLAINING = Math.log(50);

const SUBJECTS: Readonly<Record<CueName, { readonly subject: string; readonly comparative: string }>> = {
  speed: { subject: 'motion', comparative: 'faster' },
  rush: { subject: 'motion', comparative: 'faster' },
  motion: { subject: 'way of moving', comparative: 'further from any known motion' },
  activity: { subject: 'movement around it', comparative: 'stronger' },
  agitation: { subject: 'movement', comparative: 'more abrupt' },
  presence: { subject: 'movement in this place', comparative: 'stronger' },
  appearance: { subject: 'look of this place', comparative: 'further from any known look' },
};

/**
 * One sentence on the most surprising cue: "motion 4.1 times faster than anything seen here", or, within the history,
 * "… than what is usual here". Null while the segment is ordinary.
 *
 * @param surprises -ln p per cue, nats, in the order of CUES
 */
export function explain(
  model: NormalityModel,
  readings: readonly CueReading[],
  surprises: readonly number[],
  surprise: number,
): string | null {
  if (surprise < WORTH_EXPLAINING) return null;
  let strongest = 0;
  CUES.forEach((cue, index) => {
    const weighted = (surprises[index] ?? 0) + Math.log(cue.weight);
    if (weighted > (surprises[strongest] ?? 0) + Math.log(CUES[strongest]?.weight ?? 1)) strongest = index;
  });
  const cue = CUES[strongest];
  const reading = readings[strongest];
  const table = model.tables[strongest];
  if (cue === undefined || reading === undefined || table === undefined) return null;
  const { subject, comparative } = SUBJECTS[cue.name];
  const level = Math.log(Math.max(0, reading.value) + cue.floor);
  const overMost = Math.exp(level - (table.most[reading.cell] ?? level));
  if (overMost >= 1.05) return `${subject} ${overMost.toFixed(1)} times ${comparative} than anything seen here`;
  const overUsual = Math.exp(level - (table.usual[reading.cell] ?? level));
  if (overUsual >= 1.05) return `${subject} ${overUsual.toFixed(1)} times ${comparative} than what is usual here`;
  return `${subject} at the edge of what is usual here`;
}
