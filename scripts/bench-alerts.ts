// How often a camera alerts for nothing, and how much it finds, over generated camera-days. usage: npm run bench:alerts -- --help
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { systemClock } from '../src/platform/clock.ts';
import { SCENE_KINDS } from '../src/scene/long-run/scene-kind.ts';
import { codeVersion } from './bench-alerts/code-version.ts';
import { type CameraJob, planJobs } from './bench-alerts/job.ts';
import { faults, markdown, printable, reportOf } from './bench-alerts/report.ts';
import { comparable, findResult, ResultFolder } from './bench-alerts/result-folder.ts';
import { runCameras, serveJobs } from './bench-alerts/run-cameras.ts';
import type { CameraResult } from './bench-alerts/virtual-camera.ts';

const HELP = `npm run bench:alerts -- [options]
  --days N         camera-days in all, after learning (24)
  --kinds a,b      scene kinds (${SCENE_KINDS.map(({ name }) => name).join(',')})
  --seeds 1,2,3    one camera for each kind and seed
  --budget N       alerts a day that each camera may raise (1)
  --learn N        minutes of learning (30)
  --start-hour N   hour of the day at which cameras start (9, 13 and 16 in turn)
  --gap A,B        least and most minutes from one anomaly to the next (40,90; at quiet hours twice that)
  --features DIR   keep features there, and use kept ones: scoring can be run again in minutes
  --out DIR        write a file for each finished camera, and skip those that are there: a run may be broken off and gone on with
  --report DIR     run nothing, print what is there
  --any-code       count what other code has computed too; without it only what this code has
  --processes N    cameras at a time (one for each core)
  --markdown       tables for the documentation
  --faults         list every false alert and every miss
  --json           the whole report as JSON`;

if (process.send) serveJobs();
else await main();

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
      out: { type: 'string' },
      report: { type: 'string' },
      'any-code': { type: 'boolean', default: false },
      processes: { type: 'string', default: String(availableParallelism()) },
      markdown: { type: 'boolean', default: false },
      faults: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const print = (results: readonly CameraResult[]): void => {
    const report = reportOf(results);
    console.log(values.json ? JSON.stringify(report, null, 1) : values.markdown ? markdown(report) : printable(report));
    if (values.faults && !values.json) console.log(`\n${faults(report)}`);
  };
  if (values.report !== undefined) {
    const { results, leftOut } = comparable(await new ResultFolder(values.report).read(), values['any-code']);
    for (const [name, count] of leftOut) say(`left out: ${count} cameras of ${name}`);
    print(results);
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
  print(await runOrFind(jobs, values.out, values['any-code'], Math.max(1, Number(values.processes))));
}

/** Results in the order of the jobs, those that are missing left out: the exit status says that some are. */
async function runOrFind(
  jobs: readonly CameraJob[],
  folder: string | undefined,
  anyCode: boolean,
  processes: number,
): Promise<CameraResult[]> {
  const out = folder === undefined ? null : new ResultFolder(folder);
  const code = await codeVersion();
  const stored = (await out?.read()) ?? [];
  const found = new Map<CameraJob, CameraResult>();
  for (const job of jobs) {
    const result = findResult(stored, job, anyCode ? null : code);
    if (result) found.set(job, result);
  }
  if (found.size > 0) say(`${found.size} of ${jobs.length} cameras are there already`);
  const stop = new AbortController();
  // more than once: a terminal signals the whole group, and tsx passes the signal on besides
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stop.abort());
  const failures = await runCameras(
    jobs.filter((job) => !found.has(job)),
    {
      script: fileURLToPath(import.meta.url),
      processes,
      signal: stop.signal,
      say,
      onResult: async (result, computedBy) => {
        await out?.write({ code: computedBy, finishedMs: systemClock.nowMs(), result });
        const job = jobs.find(({ kind, seed }) => kind === result.job.kind && seed === result.job.seed);
        if (computedBy !== code) say(`the code has changed since this run began (${code}, now ${computedBy})`);
        if (job && (anyCode || computedBy === code)) found.set(job, result);
      },
    },
  );
  for (const failure of failures) say(failure);
  if (stop.signal.aborted) process.exitCode = 130;
  else if (found.size < jobs.length) process.exitCode = 1;
  return jobs.flatMap((job) => found.get(job) ?? []);
}

function say(line: string): void {
  process.stderr.write(`bench:alerts ${line}\n`);
}
