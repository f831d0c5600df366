import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeVersion, scenesVersion } from '../../../../scripts/bench-alerts/code-version.ts';
import { type CameraJob, costOf, inOrderOfWork, planJobs } from '../../../../scripts/bench-alerts/job.ts';
import { markdown, reportOf } from '../../../../scripts/bench-alerts/report.ts';
import { comparable, findResult, ResultFolder } from '../../../../scripts/bench-alerts/result-folder.ts';
import type { CameraResult } from '../../../../scripts/bench-alerts/virtual-camera.ts';

function jobs(days = 6, budget = 1): CameraJob[] {
  return planJobs({
    days,
    kinds: ['street', 'pavement', 'hall'],
    seeds: [1, 2],
    learnMinutes: 30,
    alertBudgetPerDay: budget,
    featureFolder: null,
    startHour: null,
    gapMinutes: null,
  });
}

function jobAt(index: number, budget = 1): CameraJob {
  const job = jobs(6, budget)[index];
  if (!job) throw new Error(`no job ${index}`);
  return job;
}

function result(job: CameraJob, alertSeconds: readonly number[] = []): CameraResult {
  return {
    job,
    events: [{ kind: 'runner', startSecond: 3000, endSecond: 3005 }],
    incidents: alertSeconds.map((second) => ({
      second,
      hour: 0,
      decision: 'alert',
      severity: 'high',
      cue: 'motion',
      explanation: '',
    })),
    watchedFromSecond: 1800,
    watchedSeconds: 86_405,
    wallSeconds: 864,
    msPerSegment: { render: 0.3, extract: 1, score: 0.8 },
    featuresKept: false,
  };
}

describe('the order of work', () => {
  it('sees every kind of scene before the second seed, and begins with the longest of each seed', () => {
    const order = inOrderOfWork(jobs());
    expect(order.map(({ seed }) => seed)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(order[0]?.kind).toBe('pavement');
    const costs = order.slice(0, 3).map(costOf);
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
  });
});

describe('a folder of results', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bench-alerts-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('given a finished camera, finds it for the same job and code, and for nothing else', async () => {
    const results = new ResultFolder(join(folder, 'new'));
    const done = result(jobAt(0), [3001]);
    await results.write({ code: 'aaaa', finishedMs: 1, result: done });
    const stored = await new ResultFolder(join(folder, 'new')).read();
    expect(findResult(stored, jobAt(0), 'aaaa')).toEqual(done);
    expect(findResult(stored, jobAt(1), 'aaaa')).toBeNull();
    expect(findResult(stored, jobAt(0, 2), 'aaaa')).toBeNull();
    expect(findResult(stored, jobs(12)[0] as CameraJob, 'aaaa')).toBeNull();
    expect(findResult(stored, jobAt(0), 'bbbb')).toBeNull();
    expect(findResult(stored, jobAt(0), null)).toEqual(done);
    expect((await readdir(join(folder, 'new'))).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('counts together only what the newest code and settings gave, and names what it leaves out', async () => {
    const results = new ResultFolder(folder);
    await results.write({ code: 'old', finishedMs: 1, result: result(jobAt(0)) });
    await results.write({ code: 'new', finishedMs: 2, result: result(jobAt(1), [3001]) });
    await results.write({ code: 'new', finishedMs: 3, result: result(jobAt(2)) });
    const all = await results.read();
    const own = comparable(all, false);
    expect(own.results.map(({ job }) => `${job.kind}-${job.seed}`)).toEqual(['pavement-1', 'street-2']);
    expect([...own.leftOut]).toEqual([['code old budget1-learn30', 1]]);
    expect(comparable(all, true).results).toHaveLength(3);
  });

  it('given the same camera from two versions of the code, counts the newer one', async () => {
    const results = new ResultFolder(folder);
    await results.write({ code: 'old', finishedMs: 1, result: result(jobAt(0)) });
    await results.write({ code: 'new', finishedMs: 2, result: result(jobAt(0), [3001, 9000]) });
    const { results: counted } = comparable(await results.read(), true);
    expect(counted.map(({ incidents }) => incidents.length)).toEqual([2]);
  });

  it('given no folder, is empty', async () => {
    expect(await new ResultFolder(join(folder, 'none')).read()).toEqual([]);
  });
});

describe('the version of the code', () => {
  it('is the same each time, and not that of the scenes alone', async () => {
    const code = await codeVersion();
    expect(code).toMatch(/^[0-9a-f]{8}$/);
    expect(await codeVersion()).toBe(code);
    expect(await scenesVersion()).not.toBe(code);
  });
});

describe('the tables for the documentation', () => {
  it('say what was watched, and count scenes, total and kinds of anomaly', () => {
    const results = [result(jobAt(0), [3002]), result(jobAt(1), [20_000]), result(jobAt(2))];
    const text = markdown(reportOf(results));
    expect(text).toContain('3 cameras (2 kinds of scene, 2 seeds) watched for 3.00 camera-days');
    expect(text).toContain('| street | 2.00 | 1 | 0.50 (0.01 to 2.79) | 1/2 = 0.50 |');
    expect(text).toContain('| total | 3.00 | 1 |');
    expect(text).toContain('| runner | 3 | 1 | 0.33 | never | never |');
  });
});
