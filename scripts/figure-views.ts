// What figures look like to cameras that have learned, with the truth, for training/vedette_training/figures. usage: npm run figures:views -- --help
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCENE_KINDS } from '../src/scene/long-run/scene-kind.ts';
import { planJobs } from './bench-alerts/job.ts';
import { isWritten, writeViews } from './figure-views/write-views.ts';

const HELP = `npm run figures:views -- --out DIR [options]
  --out DIR        a folder of three files for each camera; those that are there are left alone
  --kinds a,b      scene kinds (all)
  --seeds 1,2,3    one camera for each kind and seed (20 to 27)
  --hours N        hours of each camera after learning (2)
  --start-hours …  when the camera of each seed is put up, in the order of the seeds (1,5,11,18,9,13,16,20)
  --gap A,B        least and most minutes from one anomaly to the next (5,11)
  --processes N    cameras at a time (one for each core)`;

const { values } = parseArgs({
  options: {
    out: { type: 'string' },
    kinds: { type: 'string', default: SCENE_KINDS.map(({ name }) => name).join(',') },
    seeds: { type: 'string', default: '20,21,22,23,24,25,26,27' },
    hours: { type: 'string', default: '2' },
    'start-hours': { type: 'string', default: '1,5,11,18,9,13,16,20' },
    gap: { type: 'string', default: '5,11' },
    processes: { type: 'string', default: String(availableParallelism()) },
    help: { type: 'boolean', default: false },
  },
});
if (values.help || values.out === undefined) {
  console.log(HELP);
  process.exitCode = values.help ? 0 : 2;
} else await main(values.out);

async function main(folder: string): Promise<void> {
  const kinds = values.kinds.split(',');
  const seeds = values.seeds.split(',').map(Number);
  const startHours = values['start-hours'].split(',').map(Number);
  const [low = 5, high = 11] = values.gap.split(',').map(Number);
  const jobs = planJobs({
    days: (Number(values.hours) / 24) * kinds.length * seeds.length,
    kinds,
    seeds,
    learnMinutes: 30,
    alertBudgetPerDay: 1,
    featureFolder: null,
    startHour: null,
    gapMinutes: [low, high],
  }).map((job) => ({ ...job, startHour: startHours[seeds.indexOf(job.seed) % startHours.length] ?? 9 }));
  const only = jobs.length === 1 ? jobs[0] : undefined;
  if (only) {
    console.log(await writeViews(only, folder));
    return;
  }
  const queue = jobs.filter((job) => !isWritten(job, folder));
  const worker = async (): Promise<void> => {
    for (let job = queue.shift(); job; job = queue.shift()) {
      const camera = ['--kinds', job.kind, '--seeds', String(job.seed), '--start-hours', String(job.startHour)];
      await runAlone(['--out', folder, ...camera, '--hours', values.hours, '--gap', values.gap]);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Number(values.processes)) }, worker));
}

/** One camera in a process of its own. */
function runAlone(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(import.meta.url);
    const child = spawn(process.execPath, [...process.execArgv, script, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${args.join(' ')}: ended with ${code}`))));
  });
}
