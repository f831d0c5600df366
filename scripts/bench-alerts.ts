// How often a camera alerts for nothing, and how much it finds, over generated camera-days. usage: npm run bench:alerts -- --help
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCENE_KINDS } from '../src/scene/long-run/scene-kind.ts';
import { type CameraJob, planJobs } from './bench-alerts/job.ts';
import { faults, printable, reportOf } from './bench-alerts/report.ts';
import { type CameraResult, runCamera } from './bench-alerts/virtual-camera.ts';

const HELP = `npm run bench:alerts -- [options]
  --days N         camera-days in all, after learning (24)
  --kinds a,b      scene kinds (${SCENE_KINDS.map(({ name }) => name).join(',')})
  --seeds 1,2,3    one camera for each kind and seed
  --budget N       alerts a day that each camera may raise (1)
  --learn N        minutes of learning (30)
  --start-hour N   hour of the day at which cameras start (9, 13 and 16 in turn)
  --gap A,B        least and most minutes from one anomaly to the next (40,90; at quiet hours twice that)
  --features DIR   keep features there, and use kept ones: scoring can be run again in minutes
  --processes N    cameras at a time (one for each core)
  --faults         list every false alert and every miss
  --json           the whole report as JSON`;

type Message = { readonly progress: number } | { readonly result: CameraResult };

if (process.send) {
  process.once('message', async (job: CameraJob) => {
    const send = (message: Message, done?: () => void) => process.send?.(message, undefined, {}, done);
    const result = await runCamera(job, (progress) => send({ progress }));
    send({ result }, () => process.exit(0));
  });
} else {
  await main();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      days: { type: 'string', default: '24' },
      kinds: { type: 'string', default: SCENE_KINDS.map(({ name }) => name).join(',') },
      seeds: { type: 'string', default: '1,2,3' },
      budget: { type: 'string', default: '1' },
      learn: { type: 'string', default: '30' },
      'start-hour': { type: 'string' },
      gap: { type: 'string' },
      features: { type: 'string' },
      processes: { type: 'string', default: String(availableParallelism()) },
      faults: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const [gapLow, gapHigh] = values.gap?.split(',').map(Number) ?? [];
  const startHour = values['start-hour'];
  const jobs = planJobs({
    days: Number(values.days),
    kinds: values.kinds.split(','),
    seeds: values.seeds.split(',').map(Number),
    learnMinutes: Number(values.learn),
    alertBudgetPerDay: Number(values.budget),
    featureFolder: values.features ?? null,
    gapMinutes: gapLow === undefined || gapHigh === undefined ? null : [gapLow, gapHigh],
    startHour: startHour === undefined ? null : Number(startHour),
  });
  const began = performance.now();
  const results = await runAll(jobs, Math.max(1, Number(values.processes)));
  const report = reportOf(results, (performance.now() - began) / 1000);
  console.log(values.json ? JSON.stringify(report, null, 1) : printable(report));
  if (values.faults && !values.json) console.log(`\n${faults(report)}`);
}

/** Runs the jobs in child processes, so many at a time; results in the order of the jobs. */
async function runAll(jobs: readonly CameraJob[], processes: number): Promise<CameraResult[]> {
  const results: CameraResult[] = [];
  const shares = jobs.map(() => 0);
  let next = 0;
  const show = () => {
    if (!process.stderr.isTTY) return;
    const share = shares.reduce((sum, one) => sum + one, 0) / Math.max(1, jobs.length);
    process.stderr.write(`\r${(100 * share).toFixed(1)} % of ${jobs.length} cameras `);
  };
  const worker = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) {
      const job = jobs[index];
      if (!job) return;
      results[index] = await runInChild(job, (share) => {
        shares[index] = share;
        show();
      });
      shares[index] = 1;
      const { incidents, events } = results[index] as CameraResult;
      const text = `${job.kind}-${job.seed}: ${incidents.length} incidents, ${events.length} events`;
      process.stderr.write(`${process.stderr.isTTY ? '\r' : ''}${text}\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(processes, jobs.length) }, worker));
  return results;
}

function runInChild(job: CameraJob, onProgress: (share: number) => void): Promise<CameraResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [], {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    });
    let result: CameraResult | null = null;
    child.on('message', (message: Message) => {
      if ('result' in message) result = message.result;
      else onProgress(message.progress);
    });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (result) resolve(result);
      else reject(new Error(`${job.kind}-${job.seed} ended with ${code} and without a result`));
    });
    child.send(job);
  });
}
